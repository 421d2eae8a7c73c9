// The geometry of the map: which pictures are drawn and where, what lies under a point or in a lasso.
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
/** Of a picture, on the screen, where places are not on a grid. */
const LARGEST = 256;
const NEAR = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => [dx, dy] as const));

/** The middle of a picture on the screen. */
export function place(point: Point, frame: Frame): [number, number] {
  const margin = frame.margin ?? MARGIN;
  const wx = frame.width * (margin + point.x * (1 - 2 * margin));
  const wy = frame.height * (margin + point.y * (1 - 2 * margin));
  return [wx * frame.k + frame.x, wy * frame.k + frame.y];
}

export interface Drawn {
  /** Those that are drawn as pictures, none over another; later ones matter more. */
  points: Point[];
  /** Of a picture, on the screen. */
  side: number;
  /** Those that there is no room for before one zooms in. */
  rest: Point[];
}

/**
 * Which pictures are drawn where each is at least `size` large and none lies over another.
 *
 * Zooming in makes room for more of them, and makes them larger. Those that come last in `points`
 * go first, those that are `faint` give way.
 */
export function drawnIn(
  points: readonly Point[],
  frame: Frame,
  size: number,
  grid: Grid | null,
  faint: ReadonlySet<number>,
): Drawn {
  const byRank = points.toReversed();
  const ordered = [
    ...byRank.filter(({ row }) => !faint.has(row)),
    ...byRank.filter(({ row }) => faint.has(row)),
  ];
  const found = grid ? inBlocks(ordered, frame, size, grid) : apart(ordered, frame, size);
  return { ...found, points: found.points.reverse() };
}

/** One picture a block of places, in its middle; a block is one place where that is large enough. */
function inBlocks(ordered: Point[], frame: Frame, size: number, grid: Grid): Drawn {
  const sideOf = ({ columns, lines }: Grid) => {
    const [wide, tall] = [frame.width / columns, frame.height / lines];
    return Math.min(wide, tall) * (1 - 2 * GRID_MARGIN) * FILLED * frame.k;
  };
  const share = Math.max(1, Math.ceil(size / Math.max(sideOf(grid), 1)));
  const columns = Math.max(1, Math.floor(grid.columns / share));
  const lines = Math.max(1, Math.floor(grid.lines / share));
  const taken = new Set<number>();
  const drawn: Drawn = { points: [], side: sideOf({ columns, lines }), rest: [] };
  for (const point of ordered) {
    const column = Math.min(columns - 1, Math.floor(point.x * columns));
    const line = Math.min(lines - 1, Math.floor(point.y * lines));
    const block = line * columns + column;
    if (taken.has(block)) {
      drawn.rest.push(point);
      continue;
    }
    taken.add(block);
    const middle = { x: (column + 0.5) / columns, y: (line + 0.5) / lines };
    drawn.points.push(share > 1 ? { row: point.row, ...middle } : point);
  }
  return drawn;
}

/** Each where it belongs, but for those that would lie over one that goes first. */
function apart(ordered: Point[], frame: Frame, size: number): Drawn {
  const side = Math.min(LARGEST, size * Math.sqrt(Math.max(1, frame.k)));
  const pitch = side / FILLED;
  const near = new Map<string, [number, number][]>();
  const drawn: Drawn = { points: [], side, rest: [] };
  for (const point of ordered) {
    const [x, y] = place(point, { ...frame, x: 0, y: 0 });
    const [column, line] = [Math.floor(x / pitch), Math.floor(y / pitch)];
    const around = NEAR.flatMap(([dx, dy]) => near.get(`${column + dx} ${line + dy}`) ?? []);
    if (around.some(([ax, ay]) => Math.abs(ax - x) < pitch && Math.abs(ay - y) < pitch)) {
      drawn.rest.push(point);
      continue;
    }
    const key = `${column} ${line}`;
    near.set(key, [...(near.get(key) ?? []), [x, y]]);
    drawn.points.push(point);
  }
  return drawn;
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
