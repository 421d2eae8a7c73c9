// The sample that is looked at: its picture, its probabilities and what is known of it.
import * as React from "react";
import type { SampleInfo } from "../events";
import { Context } from "./Context";
import { Details } from "./Details";
import { Picture } from "./Picture";
import { Probabilities } from "./Probabilities";

interface Props {
  /** Null while it is on its way. */
  sample: SampleInfo | null;
  /** Said instead where no sample is chosen. */
  hint: React.ReactNode;
  chosen: boolean;
}

export function Inspect({ sample, hint, chosen }: Props) {
  return (
    // It scrolls, so the keyboard must reach it also while nothing in it can be focused.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region
    <section className="dcf-inspect" aria-label="The chosen sample" tabIndex={0}>
      {!chosen && <p className="dcf-hint">{hint}</p>}
      {chosen && <Picture sample={sample} />}
      {chosen && sample && (
        <>
          <Context row={sample.row} />
          <Probabilities sample={sample} />
          <Details sample={sample} />
        </>
      )}
    </section>
  );
}
