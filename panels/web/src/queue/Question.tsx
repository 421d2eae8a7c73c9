// What is asked of the sample in front.
import * as React from "react";
import type { SampleInfo } from "../events";
import { Name } from "../parts/Name";
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
        <Name>{classes[sample.label]}</Name>
      </strong>
      {sample.prediction !== sample.label && (
        <>
          , predicted{" "}
          <strong>
            <Name>{classes[sample.prediction]}</Name>
          </strong>
        </>
      )}
      {vote && (
        <>
          , <Name>{vote.annotator}</Name> voted{" "}
          <strong>
            <Name>{classes[vote.label]}</Name>
          </strong>
        </>
      )}
      {late && <span className="dcf-badge"> skipped before</span>}
    </p>
  );
}
