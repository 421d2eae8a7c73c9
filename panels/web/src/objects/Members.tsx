// The list of an image's objects beside it: number, what is likely wrong, what became of it.
import * as React from "react";
import type { ObjectInfo } from "../events";
import { Name } from "../parts/Name";
import { kindOf } from "./kinds";
import { stateOf } from "./Numbered";
import { useNames } from "./names";
import type { Member } from "./numbered";
import { seenClass } from "./Sentence";

const DECIDED: Record<string, string> = {
  relabeled: "relabelled",
  confirmed: "confirmed",
  removed: "removed",
  added: "added",
  moved: "moved",
  tagged: "tagged",
  elsewhere: "changed elsewhere",
};

interface Props {
  objects: readonly ObjectInfo[];
  members: readonly Member[];
  chosen: number | null;
  onChoose: (row: number) => void;
}

export function Members({ objects, members, chosen, onChoose }: Props) {
  const shown = new Map(objects.map((object) => [object.row, object]));
  return (
    <ol className="dcf-suspects" aria-label="Suspects of this image">
      {members.map((member, at) => {
        const object = shown.get(member.row);
        const state = stateOf(member);
        return (
          <li key={member.row}>
            <button
              type="button"
              className="dcf-suspect"
              aria-current={member.row === chosen || undefined}
              data-state={state}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => onChoose(member.row)}
            >
              <span className="dcf-number" data-state={state}>
                {at + 1}
              </span>
              <span className="dcf-suspect-text">{object && <What object={object} />}</span>
              <span className="dcf-suspect-state">
                {member.skipped && !member.decided && "skipped"}
                {member.decided && (DECIDED[member.decided] ?? member.decided)}
              </span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

/** What is likely wrong with an object, as short as it can be said. */
function What({ object }: { object: ObjectInfo }) {
  const names = useNames();
  const label = <Name>{names.label(object.label)}</Name>;
  if (object.kind === "placement")
    return (
      <>
        {label}, {kindOf(object.kind)}
      </>
    );
  return (
    <>
      {label} → <Name>{names.prediction(seenClass(object, names.nothing))}</Name>
    </>
  );
}
