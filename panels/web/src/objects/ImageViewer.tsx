// An image with all its suspects numbered; one key goes to the chosen one and back.
import * as React from "react";
import type { ObjectInfo } from "../events";
import { Viewer } from "../parts/Viewer";
import type { Laid, Size } from "../parts/zoom";
import { Numbered } from "./Numbered";
import type { Member } from "./numbered";
import { boxesOf, useOthers } from "./ObjectViewer";
import { placeOf } from "./place";

interface Props {
  objects: readonly ObjectInfo[];
  members: readonly Member[];
  chosen: number | null;
  preview: number;
  onShown: (row: number) => void;
  onChoose: (row: number) => void;
  /** The outline that is being adjusted, in place of the chosen one's. */
  adjust: ((laid: Laid) => React.ReactNode) | null;
}

export function ImageViewer(props: Props) {
  const { objects, members, chosen, preview, onShown, onChoose, adjust } = props;
  const [others, tool] = useOthers();
  const front = objects.find(({ row }) => row === chosen) ?? null;
  const start = (picture: Size, room: Size) => placeOf(boxesOf(front), picture, room);
  return (
    <Viewer
      sample={objects[0] ?? null}
      preview={preview}
      onShown={onShown}
      start={start}
      whole
      alt={`${members.length} suspects, numbered`}
      still={adjust !== null}
      over={(laid, room) => (
        <>
          <Numbered
            objects={objects}
            members={members}
            chosen={chosen}
            laid={laid}
            room={room}
            others={others}
            own={adjust === null}
            onChoose={onChoose}
          />
          {adjust?.(laid)}
        </>
      )}
      tools={tool}
    />
  );
}
