// The sample that is looked at: its picture, its probabilities and what is known of it.
import * as React from "react";
import type { SampleInfo } from "../events";
import { PREVIEW } from "../samples";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { CompareButton, Context } from "./Context";
import { Details } from "./Details";
import { Enlarged } from "./Enlarged";
import { KeyButton } from "./KeyButton";
import { Name } from "./Name";
import { Picture } from "./Picture";
import { Probabilities } from "./Probabilities";
import { Viewer } from "./Viewer";

interface Props {
  /** Null while it is on its way. */
  sample: SampleInfo | null;
  /** Said instead where no sample is chosen. */
  hint: React.ReactNode;
  chosen: boolean;
}

export function Inspect({ sample, hint, chosen }: Props) {
  const [enlarged, setEnlarged] = React.useState(false);
  const enlarge = sample && chosen ? () => setEnlarged(true) : undefined;
  useShortcuts({ enlarge });
  return (
    // It scrolls, so the keyboard must reach it also while nothing in it can be focused.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region
    <section className="dcf-inspect" aria-label="The chosen sample" tabIndex={0}>
      {!chosen && <p className="dcf-hint">{hint}</p>}
      {chosen && <Picture sample={sample} />}
      {chosen && sample && enlarged && (
        <Enlarged title={<Title sample={sample} />} onClose={() => setEnlarged(false)}>
          <Viewer sample={sample} preview={PREVIEW} tools={<CompareButton />} />
          <Context row={sample.row} />
        </Enlarged>
      )}
      {chosen && sample && (
        <>
          <div className="dcf-inspect-tools">
            <KeyButton tip="enlarge" icon="search" disabled={false} onClick={() => enlarge?.()}>
              Enlarge
            </KeyButton>
            {!enlarged && <CompareButton />}
          </div>
          {!enlarged && <Context row={sample.row} />}
          <Probabilities sample={sample} />
          <Details sample={sample} />
        </>
      )}
    </section>
  );
}

function Title({ sample }: { sample: SampleInfo }) {
  const { classes } = useSession();
  return (
    <>
      <span className="dcf-soft">Labelled</span> <Name>{classes[sample.label]}</Name>
      <span className="dcf-soft">, predicted</span> <Name>{classes[sample.prediction]}</Name>
    </>
  );
}
