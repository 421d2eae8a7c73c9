// The boxes over a picture: the label's, what is predicted, and the other labels of the image.
import * as React from "react";
import type { ObjectInfo } from "../events";
import type { Laid } from "../parts/zoom";
import { useNames } from "./names";
import type { Box } from "./place";

interface Props {
  object: ObjectInfo;
  laid: Laid;
  others: boolean;
  /** Whether the label's own is drawn. */
  own: boolean;
}

/** At a place of the screen; names of boxes lie above them, or in them at the picture's top. */
export function Boxes({ object, laid, others, own: drawn }: Props) {
  const names = useNames();
  const own = object.current_box ?? object.box;
  return (
    <div className="dcf-boxes" aria-hidden="true">
      {others &&
        object.others.map(
          ({ id, box, label }) =>
            box && <Outline key={id} kind="other" box={box} laid={laid} name={label} />,
        )}
      {object.seen && (
        <Outline
          kind="prediction"
          box={object.seen}
          laid={laid}
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
  name: string;
}

/** One outline. */
export function Outline({ kind, box, laid, name }: OutlineProps) {
  const style = styleOf(box, laid);
  const inside = Number(style.top) < NAME_HEIGHT;
  return (
    <span
      className={`dcf-box dcf-box-${kind}${inside ? " dcf-box-named-inside" : ""}`}
      style={style}
      data-box={kind}
    >
      {name && <bdi className="dcf-box-name">{name}</bdi>}
    </span>
  );
}

/** Where a box lies on the screen. */
export function styleOf(box: Box, laid: Laid): React.CSSProperties {
  return {
    left: laid.left + box[0] * laid.width,
    top: laid.top + box[1] * laid.height,
    width: box[2] * laid.width,
    height: box[3] * laid.height,
  };
}
