// One object after the other, of all kinds, for the keyboard alone.
import * as React from "react";
import { useGate, useShown } from "../acts/useShown";
import type { ObjectAction } from "../events";
import { title } from "../format";
import { Choose, useChooser } from "../parts/Choose";
import { QueueFrame, type QueueProps } from "../queue/QueueFrame";
import { useLine } from "../queue/useLine";
import { useObject } from "../samples";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useCurrentView } from "../useCurrentView";
import { Adjust } from "./Adjust";
import { Numbers } from "./Numbers";
import { useNames } from "./names";
import { ObjectButtons } from "./ObjectButtons";
import { ObjectViewer } from "./ObjectViewer";
import { OtherClasses } from "./OtherClasses";
import { type Box, copied } from "./place";
import { Sentence, seenClass } from "./Sentence";
import { givesClass, otherClasses, proposedFor } from "./ways";

const AHEAD = 3;
const SIZE = 1024;

export function ObjectQueue(through: QueueProps) {
  const { resolveObjects, undo } = useSession();
  const names = useNames();
  const view = useCurrentView();
  const queue = useLine(through, view);
  const { row } = queue;
  const found = useObject(row, queue.next.slice(0, AHEAD), SIZE, queue.lost);
  const object = found?.row === row ? found : null;
  const [shown, setShown] = useShown(object ? String(row) : null);
  const { pass } = useGate(shown);
  const choose = React.useRef<HTMLButtonElement>(null);
  const chooser = useChooser(row);
  const [edited, setEdited] = React.useState<{ row: number; box: Box } | null>(null);
  const adjusting = edited && edited.row === row ? edited.box : null;
  const proposed = object && proposedFor(object, names);

  const decide = (action: ObjectAction, option: { label?: string; box?: Box } = {}) => {
    chooser.close();
    if (!object || row === null || !pass(`${action} ${option.label ?? ""}`)) return;
    const { box, ...rest } = option;
    const there = object.current_label || object.current_box;
    const expected = there && {
      expected_label: object.current_label,
      ...(object.current_box && { expected_box: object.current_box }),
    };
    setEdited(null);
    const asked = { ...rest, ...(box && { box: copied(box) }), ...(expected || {}) };
    queue.settle(row, resolveObjects(action, [row], asked));
  };
  /** Where there is no object yet a press is dropped, and says so. */
  const ready = () => object !== null || (row !== null && pass("early"));
  const missing = object?.label === names.nothing;
  const give = (label: string) => {
    if (object) decide(givesClass(object.label, names), { label });
  };
  const acts = {
    accept: () => {
      if (!ready() || !proposed) return;
      const { action, label } = proposed;
      decide(action, label === undefined ? {} : { label });
    },
    confirm: () => decide("confirm"),
    choose: () => {
      if (ready()) chooser.open(choose.current);
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
    skip: () => {
      if (row !== null && pass("skip")) queue.skip(row);
    },
    takeBack: () => {
      if (pass("undo", "nothing")) void undo();
    },
  };
  const others = object ? otherClasses(object, names) : [];
  useShortcuts({
    undo: acts.takeBack,
    objectAccept: acts.accept,
    objectConfirm: acts.confirm,
    objectChoose: acts.choose,
    objectRemove: acts.remove,
    objectAdjust: acts.adjust,
    objectSkip: acts.skip,
    objectPick: (at) => {
      const other = others[at];
      if (ready() && other) give(names.label(other.label));
    },
    [names.thing === "object" ? "objectLeave" : "back"]: through.onBack,
  });
  return (
    <QueueFrame {...through} queue={queue}>
      <div className="dcf-queue-stage">
        <div
          className="dcf-queue-picture"
          data-row={object ? object.row : undefined}
          data-shown={shown || undefined}
        >
          <ObjectViewer
            object={object}
            preview={SIZE}
            onShown={(drawn) => setShown(String(drawn))}
            adjust={
              adjusting &&
              object &&
              ((laid) => (
                <Adjust
                  box={adjusting}
                  laid={laid}
                  width={object.width}
                  onChange={(change) => setEdited((old) => old && { ...old, box: change(old.box) })}
                  onSave={acts.save}
                  onLeave={acts.leave}
                />
              ))
            }
          />
        </div>
      </div>
      <aside className="dcf-queue-side" aria-label={title(names.thing)}>
        {object && <Sentence object={object} late={queue.late} />}
        <ObjectButtons
          acts={acts}
          object={object}
          proposed={proposed}
          adjusting={adjusting !== null}
          chooseRef={choose}
        />
        {object && (
          <>
            <OtherClasses others={others} onPick={(label) => give(names.label(label))} />
            <Numbers object={object} />
          </>
        )}
      </aside>
      <Choose
        anchor={chooser.anchor}
        first={others.map((other) => other.label)}
        samples={1}
        onChoose={(label) => chooser.take(() => give(label))}
        onClose={chooser.close}
      />
    </QueueFrame>
  );
}
