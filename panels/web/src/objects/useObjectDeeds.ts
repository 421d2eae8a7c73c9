// What can be done with the object in front, by whatever key or button, and its outline while it is adjusted.
import * as React from "react";
import { drop } from "../acts/dropped";
import type { Pass } from "../acts/useShown";
import type { ObjectAction, ObjectInfo } from "../events";
import { useChooser } from "../parts/Choose";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useNames } from "./names";
import type { ObjectDeeds } from "./ObjectButtons";
import { type Box, copied } from "./place";
import { seenClass } from "./Sentence";
import { useEditInFiftyOne } from "./useEditInFiftyOne";
import { givesClass, otherClasses, proposedFor } from "./ways";

interface Front {
  /** Null while it is on its way. */
  object: ObjectInfo | null;
  /** Its row; null where there is none. */
  row: number | null;
  pass: Pass;
  /** What becomes of a decision that was asked for. */
  settle: (row: number, work: Promise<boolean>, action: ObjectAction) => void;
  skip: (row: number) => void;
}

export function useObjectDeeds({ object, row, pass, settle, skip }: Front) {
  const { resolveObjects, undo } = useSession();
  const names = useNames();
  const chooseRef = React.useRef<HTMLButtonElement>(null);
  const chooser = useChooser(row);
  const [edited, setEdited] = React.useState<{ row: number; box: Box } | null>(null);
  const adjusting = edited && edited.row === row ? edited.box : null;
  const proposed = object && proposedFor(object, names);
  const missing = object?.label === names.nothing;
  const edit = useEditInFiftyOne(object, missing);

  /** Rests on the label and the outline that are on screen. */
  const decide = (action: ObjectAction, option: { label?: string; box?: Box } = {}) => {
    chooser.close();
    if (object && !object.image && action !== "remove") return drop("blank");
    if (!object || row === null || !pass(`${action} ${option.label ?? ""}`)) return;
    const { box, ...rest } = option;
    const there = object.current_label || object.current_box;
    const expected = there && {
      expected_label: object.current_label,
      ...(object.current_box && { expected_box: object.current_box }),
    };
    setEdited(null);
    const asked = { ...rest, ...(box && { box: copied(box) }), ...(expected || {}) };
    settle(row, resolveObjects(action, [row], asked), action);
  };
  /** Where there is no object yet a press is dropped, and says so. */
  const ready = () => object !== null || (row !== null && pass("early"));
  const give = (label: string) => {
    if (object) decide(givesClass(object.label, names), { label });
  };
  const acts: ObjectDeeds = {
    accept: () => {
      if (!ready() || !proposed) return;
      const { action, label } = proposed;
      decide(action, label === undefined ? {} : { label });
    },
    confirm: () => decide("confirm"),
    choose: () => {
      if (ready() && pass("choose", "part")) chooser.open(chooseRef.current);
    },
    remove: () => {
      if (!missing) decide("remove");
    },
    adjust: () => {
      if (names.thing !== "object") return;
      const from = object?.current_box ?? object?.box ?? object?.seen;
      if (ready() && row !== null && from && pass("adjust", "part")) setEdited({ row, box: from });
    },
    save: () => {
      if (!object || !adjusting) return;
      const label = names.prediction(seenClass(object, names.nothing));
      if (missing) decide("add", { label, box: adjusting });
      else decide("move", { box: adjusting });
    },
    leave: () => setEdited(null),
    edit,
    skip: () => {
      if (row !== null && pass("skip")) skip(row);
    },
    takeBack: () => {
      if (pass("undo", "nothing")) void undo();
    },
  };
  useShortcuts({
    undo: acts.takeBack,
    objectAccept: acts.accept,
    objectConfirm: acts.confirm,
    objectChoose: acts.choose,
    objectRemove: acts.remove,
    objectAdjust: acts.adjust,
    objectSkip: acts.skip,
    objectEdit: acts.edit,
  });
  return {
    acts,
    proposed,
    /** Classes that it may be instead. */
    others: object ? otherClasses(object, names) : [],
    give,
    ready,
    chooser,
    chooseRef,
    /** The outline that is being adjusted. */
    adjusting,
    change: (change: (box: Box) => Box) =>
      setEdited((old) => old && { ...old, box: change(old.box) }),
  };
}
