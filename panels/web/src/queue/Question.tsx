// What is asked of the sample in front.
import * as React from "react";
import type { SampleInfo } from "../events";
import { useSession } from "../session";

interface Props {
  sample: SampleInfo;
  /** Whether it was passed over before. */
  late: boolean;
}

export function Question({ sample, late }: Props) {
  const { classes, given } = useSession();
  const vote = sample.votes.find(({ annotator }) => annotator === given?.annotator);
  return (
    <p className="dcf-question">
      Labelled{" "}
      <strong>
        <bdi>{classes[sample.label]}</bdi>
      </strong>
      {sample.prediction !== sample.label && (
        <>
          , predicted{" "}
          <strong>
            <bdi>{classes[sample.prediction]}</bdi>
          </strong>
        </>
      )}
      {vote && (
        <>
          , <bdi>{vote.annotator}</bdi> voted{" "}
          <strong>
            <bdi>{classes[vote.label]}</bdi>
          </strong>
        </>
      )}
      {late && <span className="dcf-badge"> skipped before</span>}
    </p>
  );
}
