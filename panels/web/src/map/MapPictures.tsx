// Pictures of some of the points, over the map: a frame in the point's colour, more as one zooms in.
import * as React from "react";
import { TilePicture } from "../parts/PictureGrid";
import { edgeFor } from "../parts/sizes";
import { useThumbnails } from "../useThumbnails";
import type { Points } from "./arrays";
import { type Frame, type Landmarks, landmarksIn, placeOf } from "./landmarks";

interface Props {
  points: Points;
  /** Where the map is now. */
  frame: Frame;
  /** Points that are selected. */
  selected: readonly number[];
  numeric: boolean;
  colours: readonly string[];
}

const EDGE = edgeFor(96);
/** The map moves on for so long before other pictures are chosen. */
const REST_MS = 120;
const NONE: Landmarks = { points: [], side: 0 };

export function MapPictures({ points, frame, selected, numeric, colours }: Props) {
  const thumbnails = useThumbnails(EDGE);
  React.useSyncExternalStore(thumbnails.subscribe, thumbnails.snapshot);
  const [chosen, setChosen] = React.useState({ of: points, ...NONE });
  React.useEffect(() => {
    const timer = window.setTimeout(() => {
      const found = landmarksIn(points, frame, new Set(selected), numeric);
      setChosen({ of: points, ...found });
      thumbnails.want(found.points.map((at) => points.rows[at] as number));
    }, REST_MS);
    return () => window.clearTimeout(timer);
  }, [points, frame, selected, numeric, thumbnails]);
  if (chosen.of !== points) return null;
  const { side } = chosen;
  const marked = new Set(selected);
  return (
    <div className="dcf-landmarks" aria-hidden="true">
      {chosen.points.map((at) => {
        const [x, y] = placeOf(points, at, frame);
        const value = points.value[at] as number;
        const colour = colours[numeric ? Math.round(value * (colours.length - 1)) : value];
        const row = points.rows[at] as number;
        return (
          <span
            key={row}
            data-row={row}
            className="dcf-landmark"
            data-selected={marked.has(at) || undefined}
            style={{
              width: side,
              height: side,
              transform: `translate(${x - side / 2}px, ${y - side / 2}px)`,
              borderColor: colour,
            }}
          >
            <TilePicture tile={thumbnails.get(row)} side={side - 4} />
          </span>
        );
      })}
    </div>
  );
}
