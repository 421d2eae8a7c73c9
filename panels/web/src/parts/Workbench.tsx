// Pictures to choose from, the one in focus beside them, what to do with the chosen, what became of it.
import * as React from "react";
import type { SampleInfo } from "../events";
import { Chosen, type ChosenProps, Decide, type DecideProps } from "./Decide";
import { Inspect } from "./Inspect";
import { Outcome } from "./Outcome";
import { Recent } from "./Recent";

interface Props {
  label: string;
  /** The revision of the overview that is shown. */
  revision?: number;
  head?: React.ReactNode;
  /** What is shown where there is nothing to choose from. */
  instead?: React.ReactNode;
  /** The pictures, and what belongs to them. */
  children: React.ReactNode;
  focus: number | null;
  sample: SampleInfo | null;
  /** What is shown of the sample in focus, where that is not its picture and probabilities. */
  inspect?: React.ReactNode;
  /** Whether the picture in focus has been drawn among the others; once enlarged it has anyway. */
  drawn?: boolean;
  hint: string;
  chosen: ChosenProps;
  /** Between what is chosen and what can be done with it. */
  notes?: React.ReactNode;
  decide?: Omit<DecideProps, "shown">;
  /** In its place. */
  acts?: React.ReactNode;
  /** In place of what can be done with the chosen ones: what is done with a page as a whole. */
  paged?: React.ReactNode;
}

export function Workbench(props: Props) {
  const { label, revision, head, instead, children, focus, sample, drawn, hint, notes, paged } =
    props;
  const { inspect, acts } = props;
  const enlarged = sample !== null && sample.row === focus;
  return (
    <section className="dcf-cellscreen" aria-label={label} data-revision={revision}>
      {head}
      {instead ?? (
        <div className="dcf-cellbody" data-paged={paged ? true : undefined}>
          <div className="dcf-stage">{children}</div>
          <aside className="dcf-side" aria-label="Chosen sample">
            {inspect ?? <Inspect sample={sample} chosen={focus !== null} hint={hint} />}
            {paged || (
              <div className="dcf-decide" data-none={props.chosen.chosen === 0 || undefined}>
                <Chosen {...props.chosen} />
                {notes}
                {acts}
                {props.decide && <Decide {...props.decide} shown={drawn === true || enlarged} />}
              </div>
            )}
          </aside>
        </div>
      )}
      <div className="dcf-foot" data-paged={paged && !instead ? true : undefined}>
        <Outcome />
        <Recent />
      </div>
    </section>
  );
}
