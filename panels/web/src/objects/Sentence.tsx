// What is asked of an object, in one sentence.
import * as React from "react";
import type { ObjectInfo } from "../events";
import { share, percent as withSpace } from "../format";
import { Name } from "../parts/Name";
import { useSession } from "../session";
import { useNames } from "./names";

/** Never parted from its sign. */
const percent = (value: number) => withSpace(value).replace(" ", "\u00a0");

interface Props {
  object: ObjectInfo;
  /** Whether it was passed over before. */
  late?: boolean;
}

export function Sentence({ object, late = false }: Props) {
  const { given } = useSession();
  const { prediction } = useNames();
  const vote = object.votes.find(({ annotator }) => annotator === given?.annotator);
  return (
    <p className="dcf-question" data-kind={object.kind}>
      <Said object={object} />
      {vote && (
        <>
          {" "}
          <Name>{vote.annotator}</Name> voted{" "}
          <strong>
            <Name>{prediction(vote.label)}</Name>
          </strong>
          .
        </>
      )}
      {late && <span className="dcf-badge"> skipped before</span>}
    </p>
  );
}

function Said({ object }: { object: ObjectInfo }) {
  const names = useNames();
  const label = <Marked kind="label">{names.label(object.label)}</Marked>;
  const seen = (
    <Marked kind="prediction">{names.prediction(seenClass(object, names.nothing))}</Marked>
  );
  if (names.thing === "tag")
    return (
      <>
        {object.kind === "missing" ? "Not tagged " : "Tagged "}
        {object.kind === "missing" ? seen : label}; the model gives it{" "}
        {share(object.confidence).replaceAll(" ", "\u00a0")}.
      </>
    );
  const sure = object.confidence > 0 ? `, ${percent(object.confidence)}` : "";
  if (isAgreed(object))
    return (
      <>
        Labelled {label}; the model sees the same
        {sure}.
      </>
    );
  switch (object.kind) {
    case "missing":
      return (
        <>
          Nothing was labelled here; the model sees {seen}
          {sure}.
        </>
      );
    case "spurious":
      return (
        <>
          Labelled {label}; the model sees nothing there
          {object.confidence > 0 && ` but a trace, ${percent(object.confidence)}`}.
        </>
      );
    case "placement":
      return (
        <>
          Labelled {label}; the model sees it in another outline: the two overlap by{" "}
          {percent(object.iou)}.
        </>
      );
    default:
      return (
        <>
          Labelled {label}; the model sees {seen}
          {sure}.
        </>
      );
  }
}

/** Whether the model sees what the label says, where it says: its likeliest error is no likely one. */
export const isAgreed = ({ kind, label, prediction }: ObjectInfo): boolean =>
  prediction === label && (kind === "class" || kind === "spurious");

/** What the likeliest error says is there: of what is hardly suspect, the best class but the label. */
export function seenClass(object: ObjectInfo, nothing: number | null): number {
  if (object.kind === "spurious") return nothing ?? -1;
  if (object.kind === "placement") return object.label;
  if (object.prediction !== object.label && object.prediction !== nothing) return object.prediction;
  const other = object.probabilities.find((p) => p.label !== object.label && p.label !== nothing);
  return other?.label ?? object.prediction;
}

function Marked({ kind, children }: { kind: "label" | "prediction"; children: string }) {
  return (
    <strong className={`dcf-object-${kind}`}>
      <Name>{children}</Name>
    </strong>
  );
}
