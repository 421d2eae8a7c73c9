// What is asked in an audit of objects, and every answer with its key.
import * as React from "react";
import type { AuditOutline } from "../events";
import { plural } from "../format";
import { KeyButton as Key } from "../parts/KeyButton";
import { ClassButtons } from "./ClassButtons";
import type { Work } from "./outlines";

interface Acts {
  nothing: () => void;
  unclear: () => void;
  choose: () => void;
  draw: () => void;
  save: () => void;
  asItWas: () => void;
  skip: () => void;
  takeBack: () => void;
}

interface Props {
  item: AuditOutline;
  work: Work;
  keys: readonly string[];
  acts: Acts;
  onPick: (at: number) => void;
  chooseRef: React.Ref<HTMLButtonElement>;
  /** Whether the outline can be set right. */
  adjustable: boolean;
  /** What becomes of a verdict, where it is none of an audit. */
  note?: string;
}

export function OutlineSide(props: Props) {
  const { item, work, keys, acts, onPick, chooseRef, adjustable, note } = props;
  const { whole } = item;
  if (work.adjusting)
    return (
      <aside className="dcf-queue-side" aria-label="Verdict">
        <p className="dcf-question">
          {whole ? "Draw the outline of what is missing" : "Set the outline right"}
        </p>
        <p className="dcf-note" role="status">
          Drag the edges and corners, or use the arrow keys; e switches between moving and sizing.
        </p>
        <div className="dcf-queue-buttons">
          <Key tip="objectSave" icon="check" onClick={acts.save} disabled={false}>
            Done
          </Key>
          <Key tip="objectLeave" icon="close" onClick={acts.asItWas} disabled={false}>
            {whole ? "Drop it" : "As it was"}
          </Key>
        </div>
      </aside>
    );
  const asksClass = !whole || work.box !== null;
  const { found } = work;
  return (
    <aside className="dcf-queue-side" aria-label="Verdict">
      <p className="dcf-question" data-testid="asked">
        {asksClass
          ? work.box
            ? "What is in your outline?"
            : "What is in the outline?"
          : found.length
            ? "Is anything else missing?"
            : "Is anything missing in this image?"}
      </p>
      {found.length > 0 && (
        <p className="dcf-note" role="status">
          {plural(found.length, "object")} drawn. All outlined ones will be labelled.
        </p>
      )}
      {asksClass && <ClassButtons labels={item.classes} keys={keys} onPick={onPick} />}
      <div className="dcf-queue-buttons">
        {asksClass && (
          <Key
            tip="auditOther"
            icon="edit"
            disabled={false}
            onClick={acts.choose}
            buttonRef={chooseRef}
          >
            Other…
          </Key>
        )}
        {adjustable && !whole && (
          <Key tip="objectAdjust" icon="fit" disabled={false} onClick={acts.draw}>
            Outline is wrong
          </Key>
        )}
        {whole && !work.box && (
          <Key tip="auditMissing" icon="accept" disabled={false} onClick={acts.draw}>
            {found.length ? "Draw another" : "Draw what is"}
          </Key>
        )}
        {!(whole && work.box) && (
          <Key tip="auditNothing" icon="check" disabled={false} onClick={acts.nothing}>
            {!whole ? "Nothing to label" : found.length ? "That is all" : "Nothing is missing"}
          </Key>
        )}
        {!work.box && found.length === 0 && (
          <Key tip="auditUnclear" icon="help" disabled={false} onClick={acts.unclear}>
            Cannot tell
          </Key>
        )}
        <Key tip="auditSkip" icon="skip" disabled={false} onClick={acts.skip}>
          Skip
        </Key>
        <Key tip="undo" icon="undo" disabled={false} onClick={acts.takeBack}>
          Undo
        </Key>
      </div>
      <p className="dcf-note">{note ?? (whole ? WHOLE : OUTLINE)}</p>
    </aside>
  );
}

const OUTLINE =
  "It may be a label's or one that a detector proposed: nothing tells, so that nothing can sway " +
  "you. Where the outline is off, set it right first, then say what it is. Other labels are thin. " +
  "With the whole window (f) FiftyOne's grid does not tell either.";
const WHOLE =
  "What is labelled is outlined. Draw each object that should be and is not, then say that it is " +
  "all. What you draw becomes labels. What detectors proposed is not shown.";
