// One image after the other, with all its suspects at once: a digit chooses, the other keys act.
import * as React from "react";
import { drop } from "../acts/dropped";
import { type Pass, useGate, usePaintedWhen, useShown } from "../acts/useShown";
import { Choose } from "../parts/Choose";
import { KeyButton } from "../parts/KeyButton";
import { QueueFrame, type QueueProps } from "../queue/QueueFrame";
import { useLine } from "../queue/useLine";
import { useShortcuts } from "../shortcuts";
import { useCurrentView } from "../useCurrentView";
import { adjustOver } from "./Adjust";
import { ImageViewer } from "./ImageViewer";
import { Members } from "./Members";
import { Numbers } from "./Numbers";
import { useNames } from "./names";
import { isOpen } from "./numbered";
import { ObjectButtons } from "./ObjectButtons";
import { OtherClasses } from "./OtherClasses";
import { Sentence } from "./Sentence";
import { useImage } from "./useImage";
import { useMembers } from "./useMembers";
import { useObjectDeeds } from "./useObjectDeeds";

const AHEAD = 2;
const SIZE = 1024;

export function ImageQueue(through: QueueProps) {
  const names = useNames();
  const queue = useLine(through, useCurrentView(), true);
  const images = queue.line?.images ?? [];
  const image = images.find(({ row }) => row === queue.row) ?? null;
  const next = queue.next.slice(0, AHEAD);
  const ahead = images.filter(({ row }) => next.includes(row));
  const { members, chosen, ...choice } = useMembers(image, queue.late);
  const found = useImage(image, chosen, ahead, SIZE, (row) => queue.lost([row]));
  const { objects } = found;
  const object = objects.find(({ row }) => row === chosen) ?? null;

  const picture = objects[0];
  const [drawn, setDrawn] = useShown(picture ? String(picture.row) : null);
  const there = drawn && (chosen === null || (object !== null && found.fresh));
  const shown = usePaintedWhen(there ? `${queue.row} ${chosen ?? "done"}` : null);
  const { pass } = useGate(shown);
  const decided = members.some((member) => member.row === chosen && member.decided);
  /** What is decided is only looked at; undo opens it again. */
  const passOpen: Pass = (act, about) => {
    if (!decided || about === "nothing") return pass(act, about);
    drop("again");
    return false;
  };
  const deeds = useObjectDeeds({
    object,
    row: chosen,
    pass: passOpen,
    settle: (row, work, action) => {
      choice.decided(row, action, work);
      const rest = members.filter((member) => member.row !== row && !member.decided);
      if (image && !rest.length) queue.settle(image.row, work);
      else {
        if (image && !rest.some(isOpen)) queue.skip(image.row);
        void work.then((went) => went || queue.retry());
      }
    },
    skip: (row) => {
      choice.skip(row);
      const rest = members.filter((member) => member.row !== row);
      if (image && !rest.some(isOpen)) queue.skip(image.row);
    },
  });
  const { acts, others, give, chooser } = deeds;
  const goOn = () => {
    if (queue.row === null || deeds.adjusting || !pass("next")) return;
    if (members.some((member) => !member.decided)) queue.skip(queue.row);
    else queue.leave(queue.row);
  };
  useShortcuts({
    imageChoose: (at) => choice.press((at + 1) % 10),
    imageNext: goOn,
    objectLeave: through.onBack,
  });
  const open = members.filter((member) => !member.decided).length;
  return (
    <QueueFrame {...through} queue={queue} noun="image">
      <div className="dcf-queue-stage">
        <div
          className="dcf-queue-picture"
          data-row={picture && image ? image.row : undefined}
          data-chosen={chosen ?? undefined}
          data-label={object?.id}
          data-shown={shown || undefined}
        >
          <ImageViewer
            objects={objects}
            members={members}
            chosen={chosen}
            preview={SIZE}
            onShown={(row) => setDrawn(String(row))}
            onChoose={choice.choose}
            adjust={object && adjustOver(deeds, object.width)}
          />
        </div>
      </div>
      <aside className="dcf-queue-side" aria-label="Suspects">
        {object && <Sentence object={object} late={queue.late} />}
        {picture && chosen === null && (
          <p className="dcf-question" role="status">
            {open ? "What is left was skipped." : "All suspects of this image are decided."}
          </p>
        )}
        <Members objects={objects} members={members} chosen={chosen} onChoose={choice.choose} />
        <div className="dcf-next-image">
          <KeyButton
            tip="imageNext"
            icon="right"
            disabled={!picture || deeds.adjusting !== null}
            onClick={goOn}
          >
            Next image
          </KeyButton>
        </div>
        <ObjectButtons
          acts={acts}
          object={object}
          proposed={deeds.proposed}
          adjusting={deeds.adjusting !== null}
          chooseRef={deeds.chooseRef}
        />
        {object && (
          <>
            <OtherClasses
              others={others}
              keys={false}
              onPick={(label) => give(names.label(label))}
            />
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
