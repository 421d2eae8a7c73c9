// The objects of an image over its picture, each with its number; the chosen one with both outlines.
import * as React from "react";
import type { ObjectInfo } from "../events";
import type { Laid, Size } from "../parts/zoom";
import { Boxes, Outline, styleOf } from "./Boxes";
import { isOpen, labelPlaces, type Member } from "./numbered";
import type { Box } from "./place";

interface Props {
  objects: readonly ObjectInfo[];
  members: readonly Member[];
  chosen: number | null;
  laid: Laid;
  room: Size;
  /** Whether the image's other labels are drawn. */
  others: boolean;
  /** Whether the label's own outline of the chosen one is drawn. */
  own: boolean;
  onChoose: (row: number) => void;
}

/** What an object is shown by: its label as it is now, else what is or was there. */
export const outlineOf = (object: ObjectInfo): Box =>
  object.current_box ?? object.box ?? object.seen ?? [0, 0, 1, 1];

export function Numbered(props: Props) {
  const { objects, members, chosen, laid, room, others, own, onChoose } = props;
  const shown = new Map(objects.map((object) => [object.row, object]));
  const ids = new Set(objects.map(({ id }) => id));
  const boxes = members.map(({ row }) => {
    const object = shown.get(row);
    return object ? outlineOf(object) : ([0, 0, 0, 0] as const);
  });
  const places = labelPlaces(boxes, laid, room);
  const front = chosen === null ? undefined : shown.get(chosen);
  return (
    <div className="dcf-boxes" aria-hidden="true">
      {others &&
        objects[0]?.others
          .filter(({ id }) => !ids.has(id))
          .map(
            ({ id, box }) => box && <Outline key={id} kind="other" box={box} laid={laid} name="" />,
          )}
      {members.map((member) => {
        const object = shown.get(member.row);
        if (!object || member.row === chosen) return null;
        return (
          <span
            key={member.row}
            className={`dcf-box dcf-box-${object.box ? "label" : "prediction"} dcf-box-member`}
            style={styleOf(outlineOf(object), laid)}
            data-box="member"
            data-state={stateOf(member)}
          />
        );
      })}
      {front && <Boxes object={front} laid={laid} room={room} others={false} own={own} />}
      {members.map((member, at) => {
        const place = places[at];
        return (
          <button
            key={member.row}
            type="button"
            tabIndex={-1}
            className="dcf-number"
            style={place}
            data-number={at + 1}
            data-state={stateOf(member)}
            data-chosen={member.row === chosen || undefined}
            onPointerDown={(event) => event.stopPropagation()}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onChoose(member.row)}
          >
            {at + 1}
          </button>
        );
      })}
    </div>
  );
}

export const stateOf = (member: Member): string =>
  isOpen(member) ? "open" : member.decided ? "decided" : "skipped";
