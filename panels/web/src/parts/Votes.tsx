// Who said what of a sample or an object.
import * as React from "react";
import type { Vote } from "../events";
import { useNames } from "../objects/names";
import { Name } from "./Name";

export function Votes({ votes }: { votes: readonly Vote[] }) {
  const { prediction } = useNames();
  if (!votes.length) return null;
  return (
    <>
      <dt>Votes</dt>
      <dd>
        {votes.map(({ annotator, label }) => (
          <span key={annotator} className="dcf-chip">
            <Name>{annotator}</Name>{" "}
            <strong>
              <Name>{prediction(label)}</Name>
            </strong>
          </span>
        ))}
      </dd>
    </>
  );
}
