// The boxes over a picture: the label's, what is predicted, and the other labels of the image.
import * as React from "react";
import type { ObjectInfo } from "../events";
import type { Laid, Size } from "../parts/zoom";
import { nameplaces, wideOf } from "./boxNames";
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
  const asked = [object.seen, own].flatMap((box) => (box ? [styleOf(box, laid)] : []));
  return (
    <div className="dcf-boxes" aria-hidden="true">
      {others && <Others object={object} laid={laid} room={room} free={asked} />}
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

interface OthersProps {
  object: ObjectInfo;
  laid: Laid;
  room: Size;
  /** What no name may hide. */
  free: readonly Laid[];
}

/** The other labels of the image, with as many of their names as there is room for. */
function Others({ object, laid, room, free }: OthersProps) {
  const others = object.others.flatMap(({ id, box, label }) => (box ? [{ id, box, label }] : []));
  const places = nameplaces(
    others.map(({ box, label }) => ({ box: styleOf(box, laid), name: label })),
    free,
    room,
  );
  return (
    <>
      {others.map(({ id, box }) => (
        <Outline key={id} kind="other" box={box} laid={laid} name="" />
      ))}
      {others.map(({ id, label }, at) => {
        const place = places[at];
        return (
          place && (
            <bdi
              key={id}
              className="dcf-box-name dcf-box-name-other"
              style={{ left: place.left, top: place.top, maxWidth: place.width }}
            >
              {label}
            </bdi>
          )
        );
      })}
    </>
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

const NAME_WIDTH = 160;

/** Where a name is in sight as long as its box is: at the box's edge, or at the picture's. */
export function nameAt(box: Laid, room: Size, name: string): React.CSSProperties {
  const wide = Math.min(NAME_WIDTH, wideOf(name));
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
