// The image of an object, enlarged to it, with the boxes on it; one key to the whole image and back.
import * as React from "react";
import type { ObjectInfo } from "../events";
import { isFlag, useKept } from "../kept";
import { Viewer } from "../parts/Viewer";
import type { Laid, Size } from "../parts/zoom";
import { useShortcuts } from "../shortcuts";
import { Boxes } from "./Boxes";
import { useNames } from "./names";
import { type Box, placeOf } from "./place";

interface Props {
  object: ObjectInfo | null;
  preview: number;
  onShown?: (row: number) => void;
  tools?: React.ReactNode;
  /** Whether the keys of the viewer are for what is around it. */
  quiet?: boolean;
  /** The outline that is being adjusted, in place of the label's. */
  adjust?: ((laid: Laid) => React.ReactNode) | null;
}

export function ObjectViewer({
  object,
  preview,
  onShown,
  tools,
  quiet = false,
  adjust = null,
}: Props) {
  const names = useNames();
  const boxes = names.thing === "object";
  const [others, tool] = useOthers(boxes);
  const start = (picture: Size, room: Size) => placeOf(boxesOf(object), picture, room);
  return (
    <Viewer
      sample={object}
      preview={preview}
      {...(onShown ? { onShown } : {})}
      {...(boxes ? { start } : {})}
      alt={
        object
          ? `Labelled ${names.label(object.label)}, predicted ${names.prediction(object.prediction)}`
          : ""
      }
      still={adjust !== null}
      quiet={quiet}
      over={(laid, room) =>
        object && (
          <>
            <Boxes object={object} laid={laid} room={room} others={others} own={adjust === null} />
            {adjust?.(laid)}
          </>
        )
      }
      tools={
        <>
          {tool}
          {tools}
        </>
      }
    />
  );
}

/** Whether the image's other labels are drawn, and the button that changes it, where there are boxes. */
export function useOthers(boxes = true): [boolean, React.ReactNode] {
  const [others, setOthers] = useKept("objects/others", true, isFlag);
  const change = () => setOthers(!others);
  useShortcuts({ objectOthers: boxes ? change : undefined });
  const tool = boxes && (
    <button
      type="button"
      className="dcf-viewer-tool"
      aria-pressed={others}
      aria-keyshortcuts="h"
      title="Show or hide the other labels of the image (h)"
      onClick={change}
    >
      Other labels
    </button>
  );
  return [others, tool];
}

/** The boxes that an object is looked at by. */
export function boxesOf(object: ObjectInfo | null): Box[] {
  const boxes = [object?.current_box ?? object?.box, object?.seen].filter(Boolean) as Box[];
  return boxes.length ? boxes : [[0, 0, 1, 1]];
}
