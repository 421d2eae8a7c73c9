// Where the names of boxes are written: in numbers alone, so that it can be tested.
import type { Laid, Size } from "../parts/zoom";

/** Pixels that a name is high, and the fewest in which a few letters of a long one can be read. */
const HIGH = 16;
const NARROWEST = 36;
/** About as wide as a letter of a name, and what is left and right of it. */
const LETTER = 7;
const PADDING = 8;

/** Pixels that a name takes, about. */
export const wideOf = (name: string) => PADDING + LETTER * name.length;

const meet = (a: Laid, b: Laid) =>
  a.left < b.left + b.width &&
  b.left < a.left + a.width &&
  a.top < b.top + b.height &&
  b.top < a.top + a.height;

/** What of a box is in sight. */
function inSight(box: Laid, room: Size): Laid {
  const left = Math.max(box.left, 0);
  const top = Math.max(box.top, 0);
  return {
    left,
    top,
    width: Math.min(box.left + box.width, room.width) - left,
    height: Math.min(box.top + box.height, room.height) - top,
  };
}

/**
 * A place for the name of each box: above it, else in it at its top or bottom, no wider than it is;
 * null where that is too narrow, or would hide what is kept free or another name.
 */
export function nameplaces(
  boxes: readonly { box: Laid; name: string }[],
  free: readonly Laid[],
  room: Size,
): (Laid | null)[] {
  const taken = [...free];
  return boxes.map(({ box, name }) => {
    const { left, top, width: most, height } = inSight(box, room);
    const width = Math.min(most, wideOf(name));
    if (width < Math.min(NARROWEST, wideOf(name)) || height <= 0) return null;
    const tops = [top - HIGH, top, top + height - HIGH];
    const place = tops
      .map((at) => ({ left, top: at, width, height: HIGH }))
      .find(
        (at) =>
          at.top >= 0 && at.top + HIGH <= room.height && !taken.some((other) => meet(at, other)),
      );
    if (place) taken.push(place);
    return place ?? null;
  });
}
