// One object after the other, of all kinds, for the keyboard alone.
import * as React from "react";
import { useGate, useShown } from "../acts/useShown";
import type { ObjectInfo } from "../events";
import { title } from "../format";
import { Choose } from "../parts/Choose";
import { QueueFrame, type QueueProps } from "../queue/QueueFrame";
import { useLine } from "../queue/useLine";
import { useInFront } from "../samples";
import { useShortcuts } from "../shortcuts";
import { useCurrentView } from "../useCurrentView";
import { adjustOver } from "./Adjust";
import { Numbers } from "./Numbers";
import { useNames } from "./names";
import { ObjectButtons } from "./ObjectButtons";
import { ObjectViewer } from "./ObjectViewer";
import { OtherClasses } from "./OtherClasses";
import { Sentence } from "./Sentence";
import { useObjectDeeds } from "./useObjectDeeds";

const AHEAD = 3;
const SIZE = 1024;

export function OneByOne(through: QueueProps) {
  const names = useNames();
  const queue = useLine(through, useCurrentView());
  const { row } = queue;
  const found = useInFront(row, queue.next.slice(0, AHEAD), SIZE, queue.lost);
  const object = found.sample?.row === row ? (found.sample as ObjectInfo) : null;
  const [drawn, setDrawn] = useShown(object ? String(row) : null);
  const shown = drawn && found.fresh;
  const { pass } = useGate(shown);
  const deeds = useObjectDeeds({ object, row, pass, settle: queue.settle, skip: queue.skip });
  const { acts, others, give, chooser } = deeds;
  useShortcuts({
    objectPick: (at) => {
      const other = others[at];
      if (deeds.ready() && other) give(names.label(other.label));
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
            onShown={(row) => setDrawn(String(row))}
            adjust={object && adjustOver(deeds, object.width)}
          />
        </div>
      </div>
      <aside className="dcf-queue-side" aria-label={title(names.thing)}>
        {object && <Sentence object={object} late={queue.late} />}
        <ObjectButtons
          acts={acts}
          object={object}
          proposed={deeds.proposed}
          adjusting={deeds.adjusting !== null}
          chooseRef={deeds.chooseRef}
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
