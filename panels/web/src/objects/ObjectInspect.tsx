// The object that is looked at beside a grid: its image enlarged to it, and what is known of it.
import * as React from "react";
import type { ObjectInfo } from "../events";
import { Enlarged } from "../parts/Enlarged";
import { KeyButton } from "../parts/KeyButton";
import { PREVIEW } from "../samples";
import { useShortcuts } from "../shortcuts";
import { Numbers } from "./Numbers";
import { useNames } from "./names";
import { ObjectViewer } from "./ObjectViewer";
import { Sentence } from "./Sentence";

interface Props {
  /** Null while it is on its way. */
  object: ObjectInfo | null;
  chosen: boolean;
  /** Said instead where no object is chosen. */
  hint: React.ReactNode;
}

export function ObjectInspect({ object, chosen, hint }: Props) {
  const { thing } = useNames();
  const [enlarged, setEnlarged] = React.useState(false);
  const enlarge = object && chosen ? () => setEnlarged(true) : undefined;
  useShortcuts({ enlarge });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region
    <section className="dcf-inspect" aria-label={`The chosen ${thing}`} tabIndex={0}>
      {!chosen && <p className="dcf-hint">{hint}</p>}
      {chosen && (
        <div className="dcf-object-picture">
          <ObjectViewer object={object} preview={PREVIEW} quiet />
        </div>
      )}
      {chosen && object && enlarged && (
        <Enlarged title={<Sentence object={object} />} onClose={() => setEnlarged(false)}>
          <ObjectViewer object={object} preview={PREVIEW} />
        </Enlarged>
      )}
      {chosen && object && (
        <>
          <div className="dcf-inspect-tools">
            <KeyButton tip="enlarge" icon="search" disabled={false} onClick={() => enlarge?.()}>
              Enlarge
            </KeyButton>
          </div>
          <Sentence object={object} />
          <Numbers object={object} />
        </>
      )}
    </section>
  );
}
