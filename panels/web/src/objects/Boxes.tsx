// The boxes over a picture: the label's, what is predicted, and the other labels of the image.
import * as React from "react";
import type { ObjectInfo } from "../events";
import type { Laid, Size } from "../parts/zoom";
import { useNames } from "./names";
import type { Box } from "./place";

interface Props {
  object: ObjectInfo;
  laid: Laid;
  /** What is in sight of the picture. */
  room: Size;
  others: boolean;
  /** Whether the label's own is drawn. */
  own: boolean;
}

/** At a place of the screen; names of boxes lie above them, or in them at the picture's top. */
export function Boxes({ object, laid, room, others, own: drawn }: Props) {
  const names = useNames();
  const own = object.current_box ?? object.box;
  return (
    <div className="dcf-boxes" aria-hidden="true">
      {others &&
        object.others.map(
          ({ id, box, label }) =>
            box && <Outline key={id} kind="other" box={box} laid={laid} room={room} name={label} />,
        )}
      {object.seen && (
        <Outline
          kind="prediction"
          box={object.seen}
          laid={laid}
          room={room}
          name={object.kind === "missing" ? names.prediction(object.prediction) : ""}
        />
      )}
      {drawn && own && <Outline kind="label" box={own} laid={laid} name="" />}
    </div>
  );
}

/** Pixels above a box that its name needs. */
const NAME_HEIGHT = 16;

interface OutlineProps {
  kind: "label" | "prediction" | "other" | "asked";
  box: Box;
  laid: Laid;
  /** What is in sight, within which a name stays. */
  room?: Size;
  name: string;
}

/** One outline. */
export function Outline({ kind, box, laid, room, name }: OutlineProps) {
  const style = styleOf(box, laid);
  const inside = style.top < NAME_HEIGHT;
  return (
    <span
      className={`dcf-box dcf-box-${kind}${inside ? " dcf-box-named-inside" : ""}`}
      style={style}
      data-box={kind}
    >
      {name && (
        <bdi className="dcf-box-name" style={room && nameAt(style, room, name)}>
          {name}
        </bdi>
      )}
    </span>
  );
}

/** About as wide as a letter of a name, and what is left and right of it. */
const LETTER = 7;
const PADDING = 8;
const NAME_WIDTH = 160;

/** Where a name is in sight as long as its box is: at the box's edge, or at the picture's. */
export function nameAt(box: Laid, room: Size, name: string): React.CSSProperties {
  const wide = Math.min(NAME_WIDTH, PADDING + LETTER * name.length);
  const top = box.top < 0 ? { top: Math.min(-box.top, box.height - NAME_HEIGHT) } : {};
  if (Math.max(box.left, 0) + wide > room.width)
    return { ...top, left: "auto", right: Math.max(0, box.left + box.width - room.width) };
  return { ...top, left: Math.max(0, -box.left) };
}

/** Where a box lies on the screen. */
export function styleOf(box: Box, laid: Laid): Laid {
  return {
    left: laid.left + box[0] * laid.width,
    top: laid.top + box[1] * laid.height,
    width: box[2] * laid.width,
    height: box[3] * laid.height,
  };
}
