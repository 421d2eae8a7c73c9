// Which points of the map are drawn as pictures, and where: none over another, more as one zooms in.
import type { Points } from "./arrays";

/** How the map's places become pixels: screen = k × place + o, each way. */
export interface Frame {
  kx: number;
  ox: number;
  ky: number;
  oy: number;
  width: number;
  height: number;
}

/** Points that lie outermost, left, right, below and above, by their index. */
export type Extremes = [number, number, number, number];

export function extremesOf({ x, y }: Points): Extremes {
  const [left, right] = ends(x);
  const [below, above] = ends(y);
  return [left, right, below, above];
}

function ends(values: Float32Array): [number, number] {
  let [least, most] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) < (values[least] as number)) least = i;
    if ((values[i] as number) > (values[most] as number)) most = i;
  }
  return [least, most];
}

/** The frame in which the outermost points lie where they lie on the screen; null where it is not known. */
export function frameThrough(
  points: Points,
  [left, right, below, above]: Extremes,
  position: (point: number) => [number, number] | null,
  size: { width: number; height: number },
): Frame | null {
  const along = (values: Float32Array, least: number, most: number, axis: 0 | 1) => {
    const by = (values[most] as number) - (values[least] as number);
    const [from, to] = [position(least)?.[axis], position(most)?.[axis]];
    if (from === undefined || to === undefined) return null;
    const k = by ? (to - from) / by : 0;
    return { k, o: from - k * (values[least] as number) };
  };
  if (!points.rows.length) return null;
  const [x, y] = [along(points.x, left, right, 0), along(points.y, below, above, 1)];
  return x && y ? { kx: x.k, ox: x.o, ky: y.k, oy: y.o, ...size } : null;
}

export const sameFrame = (one: Frame | null, other: Frame | null): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

export const placeOf = (points: Points, at: number, frame: Frame): [number, number] => [
  frame.kx * (points.x[at] as number) + frame.ox,
  frame.ky * (points.y[at] as number) + frame.oy,
];

export interface Landmarks {
  /** Points, by their index. */
  points: number[];
  /** Of each picture, in pixels. */
  side: number;
}

const SMALLEST = 44;
const LARGEST = 96;
const MOST = 160;
/** So many in the window may be pictures side by side; of more the map must stay to be seen. */
const DENSE = 120;
/** Between pictures among many points, in sides. */
const APART = 2.2;
const TOUCHING = 1.08;
/** So many are put in order: more than pictures fit. */
const ORDERED = 4_000;

/** Evenly over all rows, and the same each time. */
const scattered = (row: number) => Math.imul(row + 1, 2654435761) >>> 0;

/**
 * The points to draw as pictures.
 *
 * @param first go before all others, such as those that are selected
 * @param ranked whether a higher value is worth more than a lower one
 */
export function landmarksIn(
  points: Points,
  frame: Frame,
  first: ReadonlySet<number>,
  ranked: boolean,
): Landmarks {
  let inside: number[] = [];
  for (let at = 0; at < points.rows.length; at++) {
    const [x, y] = placeOf(points, at, frame);
    if (x >= 0 && x <= frame.width && y >= 0 && y <= frame.height) inside.push(at);
  }
  const many = inside.length;
  const hash = (at: number) => scattered(points.rows[at] as number);
  if (many > ORDERED) {
    const share = (2 ** 32 * ORDERED) / many;
    inside = inside.filter((at) => first.has(at) || hash(at) < share);
  }
  const value = (at: number) => (ranked ? (points.value[at] as number) : 0);
  const before = (at: number) => (first.has(at) ? 1 : 0);
  inside.sort((a, b) => before(b) - before(a) || value(b) - value(a) || hash(a) - hash(b));
  const room = Math.sqrt((frame.width * frame.height) / (3 * Math.max(1, many)));
  const side = Math.round(Math.min(LARGEST, Math.max(SMALLEST, room)));
  const pitch = side * (many > DENSE ? APART : TOUCHING);
  return { points: apart(inside, (at) => placeOf(points, at, frame), pitch), side };
}

/** Those of them, in their order, of which none is nearer to one before than a pitch both ways. */
function apart(
  ordered: readonly number[],
  place: (at: number) => [number, number],
  pitch: number,
): number[] {
  const taken = new Map<string, [number, number][]>();
  const found: number[] = [];
  for (const at of ordered) {
    if (found.length === MOST) break;
    const [x, y] = place(at);
    const [column, line] = [Math.floor(x / pitch), Math.floor(y / pitch)];
    const near: [number, number][] = [];
    for (let dx = -1; dx <= 1; dx++)
      for (let dy = -1; dy <= 1; dy++)
        near.push(...(taken.get(`${column + dx} ${line + dy}`) ?? []));
    if (near.some(([ax, ay]) => Math.abs(ax - x) < pitch && Math.abs(ay - y) < pitch)) continue;
    const key = `${column} ${line}`;
    taken.set(key, [...(taken.get(key) ?? []), [x, y]]);
    found.push(at);
  }
  return found;
}
