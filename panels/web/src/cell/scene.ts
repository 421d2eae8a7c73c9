// The geometry of the map: where pictures are drawn, what lies under a point or in a lasso.
import { polygonContains } from "d3-polygon";

export interface Point {
  row: number;
  /** In [0, 1]. */
  x: number;
  y: number;
}

export interface Frame {
  width: number;
  height: number;
  /** The zoom: screen = k × world + (x, y). */
  k: number;
  x: number;
  y: number;
  /** A share of the window, left free on each side. */
  margin?: number;
}

/** Places that are each one picture's own. */
export interface Grid {
  columns: number;
  lines: number;
}

export const GRID_MARGIN = 0.005;
/** Of a place of a grid, so that pictures do not touch. */
const FILLED = 0.94;
const MARGIN = 0.06;

/** The middle of a picture on the screen. */
export function place(point: Point, frame: Frame): [number, number] {
  const margin = frame.margin ?? MARGIN;
  const wx = frame.width * (margin + point.x * (1 - 2 * margin));
  const wy = frame.height * (margin + point.y * (1 - 2 * margin));
  return [wx * frame.k + frame.x, wy * frame.k + frame.y];
}

/** Side of a picture: small enough not to cover its neighbours, growing slower than the zoom. */
export function pictureSide(frame: Frame, pictures: number, grid: Grid | null = null): number {
  if (grid) {
    const [wide, tall] = [frame.width / grid.columns, frame.height / grid.lines];
    return Math.min(wide, tall) * (1 - 2 * GRID_MARGIN) * FILLED * frame.k;
  }
  const room = Math.sqrt((frame.width * frame.height) / Math.max(pictures, 1));
  const base = Math.min(56, Math.max(13, room * 0.85));
  return Math.min(160, base * frame.k ** 0.7);
}

/** The topmost row under a screen position, later points lying on top; null if there is none. */
export function rowAt(
  points: readonly Point[],
  frame: Frame,
  side: number,
  [px, py]: [number, number],
): number | null {
  for (let i = points.length - 1; i >= 0; i--) {
    const point = points[i] as Point;
    const [x, y] = place(point, frame);
    if (Math.abs(px - x) <= side / 2 && Math.abs(py - y) <= side / 2) return point.row;
  }
  return null;
}

/** Rows whose middle lies in a polygon on the screen. */
export function rowsIn(
  points: readonly Point[],
  frame: Frame,
  polygon: [number, number][],
): number[] {
  if (polygon.length < 3) return [];
  return points.filter((point) => polygonContains(polygon, place(point, frame))).map((p) => p.row);
}

/** The nearest row in the direction of an arrow key, or null. */
export function neighbour(
  points: readonly Point[],
  from: number | null,
  key: string,
): number | null {
  const here = points.find((point) => point.row === from);
  if (!here) return points.at(-1)?.row ?? null;
  const along: Record<string, [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
  };
  const direction = along[key];
  if (!direction) return null;
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const point of points) {
    const dx = point.x - here.x;
    const dy = point.y - here.y;
    const ahead = dx * direction[0] + dy * direction[1];
    const aside = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
    if (ahead <= 1e-6 || aside > ahead * 2) continue;
    const cost = ahead + 2 * aside;
    if (cost < least) {
      least = cost;
      best = point.row;
    }
  }
  return best;
}

/** Positions on the way from one layout to the next; rows without a past appear where they belong. */
export function between(
  from: ReadonlyMap<number, Point>,
  to: readonly Point[],
  share: number,
): Point[] {
  const t = share < 0.5 ? 4 * share ** 3 : 1 - (-2 * share + 2) ** 3 / 2;
  return to.map((point) => {
    const old = from.get(point.row);
    if (!old || t >= 1) return point;
    return { row: point.row, x: old.x + (point.x - old.x) * t, y: old.y + (point.y - old.y) * t };
  });
}
