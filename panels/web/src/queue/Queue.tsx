// One suspect after the other, for the keyboard alone.
import * as React from "react";
import { drop } from "../acts/dropped";
import { useGate, useShown } from "../acts/useShown";
import type { Action } from "../events";
import { oneOf, useKept } from "../kept";
import { Choose, useChooser } from "../parts/Choose";
import { CompareButton, Context } from "../parts/Context";
import { Details } from "../parts/Details";
import { type DigitOrder, listed } from "../parts/digits";
import { Probabilities } from "../parts/Probabilities";
import { Viewer } from "../parts/Viewer";
import { useInFront } from "../samples";
import { useSession } from "../session";
import { SHORTCUTS, useShortcuts } from "../shortcuts";
import { useCurrentView } from "../useCurrentView";
import { Buttons } from "./Buttons";
import { DigitChoice } from "./DigitChoice";
import { Question } from "./Question";
import { QueueFrame, type QueueProps } from "./QueueFrame";
import { useLine } from "./useLine";

const AHEAD = 3;
const SIZE = 768;

export function Queue(through: QueueProps) {
  const { classes, resolve, undo } = useSession();
  const view = useCurrentView();
  const [digits, setDigits] = useKept<DigitOrder>("digits", "class", oneOf("class", "probability"));
  const relabel = React.useRef<HTMLButtonElement>(null);
  const queue = useLine(through, view);
  const { row } = queue;
  const found = useInFront(row, queue.next.slice(0, AHEAD), SIZE, queue.lost);
  const sample = found.sample?.row === row ? found.sample : null;
  const chooser = useChooser(row);
  const [drawn, setDrawn] = useShown(sample ? String(row) : null);
  const shown = drawn && found.fresh;
  const { pass } = useGate(shown);
  const choices = sample ? listed(sample, classes, digits) : [];

  const decide = (action: Action, option?: { label?: string }) => {
    chooser.close();
    if (sample && !sample.image && action !== "remove") return drop("blank");
    if (row === null || !pass(`${action} ${option?.label ?? ""}`)) return;
    queue.settle(row, resolve(action, [row], option));
  };
  const give = (label: number) => {
    if (label === sample?.label) decide("confirm");
    else decide("relabel", { label: classes[label] ?? "" });
  };
  /** Where there is no sample yet a press is dropped, and says so. */
  const ready = () => sample !== null || (row !== null && pass("early"));
  const press = (key: string | undefined) => {
    const choice = choices.find((one) => one.key === key);
    if (ready() && choice) give(choice.label);
  };
  const acts = {
    confirm: () => decide("confirm"),
    accept: () => {
      if (ready() && sample && sample.prediction !== sample.label) give(sample.prediction);
    },
    choose: () => {
      if (ready() && pass("choose", "part")) chooser.open(relabel.current);
    },
    remove: () => decide("remove"),
    skip: () => {
      if (row !== null && pass("skip")) queue.skip(row);
    },
    takeBack: () => {
      if (pass("undo", "nothing")) void undo();
    },
  };
  useShortcuts({
    undo: acts.takeBack,
    queueConfirm: acts.confirm,
    queueAccept: acts.accept,
    queueRemove: acts.remove,
    queueSkip: acts.skip,
    queueRelabel: acts.choose,
    pick: (at) => press(SHORTCUTS.pick.keys[at]),
    back: through.onBack,
  });

  return (
    <QueueFrame {...through} queue={queue}>
      <div className="dcf-queue-stage">
        <div
          className="dcf-queue-picture"
          data-row={sample ? sample.row : undefined}
          data-shown={shown || undefined}
        >
          <Viewer
            sample={sample}
            preview={SIZE}
            onShown={(row) => setDrawn(String(row))}
            tools={<CompareButton />}
          />
        </div>
        <Context row={sample?.row ?? null} />
      </div>
      <aside className="dcf-queue-side" aria-label="Sample">
        {sample && (
          <>
            <Question sample={sample} late={queue.late} />
            <DigitChoice digits={digits} onDigits={setDigits} />
            <Probabilities sample={sample} choices={choices} onPick={give} />
          </>
        )}
        <Buttons
          acts={acts}
          ready={sample !== null}
          differs={sample?.prediction !== sample?.label}
          chooseRef={relabel}
        />
        {sample && <Details sample={sample} />}
      </aside>
      <Choose
        anchor={chooser.anchor}
        first={sample?.probabilities.map((p) => p.label) ?? []}
        samples={1}
        onChoose={(label) => chooser.take(() => decide("relabel", { label }))}
        onClose={chooser.close}
      />
    </QueueFrame>
  );
}
