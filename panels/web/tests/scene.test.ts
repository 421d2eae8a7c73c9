import { describe, expect, it } from "vitest";
import {
  between,
  drawnIn,
  type Frame,
  GRID_MARGIN,
  neighbour,
  place,
  rowAt,
  rowsIn,
} from "../src/cell/scene";

const frame = { width: 100, height: 100, k: 1, x: 0, y: 0 };
const points = [
  { row: 1, x: 0, y: 0 },
  { row: 2, x: 1, y: 1 },
  { row: 3, x: 1, y: 1 },
];

describe("the map", () => {
  it("keeps a margin and follows the zoom", () => {
    expect(place({ row: 1, x: 0, y: 1 }, frame)).toEqual([6, 94]);
    expect(place({ row: 1, x: 0, y: 1 }, { ...frame, k: 2, x: -10, y: 5 })).toEqual([2, 193]);
  });

  it("finds the topmost image under the pointer", () => {
    expect(rowAt(points, frame, 10, [95, 95])).toBe(3);
    expect(rowAt(points, frame, 10, [50, 50])).toBeNull();
  });

  it("finds what a lasso encloses, and nothing for a stroke", () => {
    const square: [number, number][] = [
      [0, 0],
      [50, 0],
      [50, 50],
      [0, 50],
    ];
    expect(rowsIn(points, frame, square)).toEqual([1]);
    expect(rowsIn(points, frame, square.slice(0, 2))).toEqual([]);
  });

  it("goes to the neighbour in the direction of an arrow", () => {
    const cross = [
      { row: 0, x: 0.5, y: 0.5 },
      { row: 1, x: 0.9, y: 0.5 },
      { row: 2, x: 0.5, y: 0.1 },
      { row: 3, x: 0.6, y: 0.5 },
    ];
    expect(neighbour(cross, 0, "ArrowRight")).toBe(3);
    expect(neighbour(cross, 0, "ArrowUp")).toBe(2);
    expect(neighbour(cross, 0, "ArrowLeft")).toBeNull();
    expect(neighbour(cross, null, "ArrowLeft")).toBe(3);
  });

  it("moves from one layout to the next and ends there", () => {
    const from = new Map([[1, { row: 1, x: 1, y: 1 }]]);
    expect(between(from, points, 0)[0]).toEqual({ row: 1, x: 1, y: 1 });
    expect(between(from, points, 1)).toEqual(points);
    expect(between(from, points, 0.5)[1]).toEqual(points[1]);
  });
});

/** How many pairs of squares of that side around these places lie over one another. */
function heaped(at: readonly (readonly [number, number])[], side: number): number {
  let over = 0;
  at.forEach(([x, y], i) => {
    for (const [ax, ay] of at.slice(0, i))
      if (Math.abs(ax - x) < side - 1e-6 && Math.abs(ay - y) < side - 1e-6) over++;
  });
  return over;
}

const NONE: ReadonlySet<number> = new Set();
const GRIDS = [
  [1, 1],
  [5, 3],
  [25, 16],
] as const;

describe("pictures on a grid", () => {
  const pointsOf = (columns: number, lines: number) =>
    Array.from({ length: columns * lines }, (_, row) => ({
      row,
      x: ((row % columns) + 0.5) / columns,
      y: (Math.floor(row / columns) + 0.5) / lines,
    }));
  const window = { width: 700, height: 420, x: 0, y: 0, margin: GRID_MARGIN };

  it("fill the window and lie beside one another, of every size and at every zoom", () => {
    for (const [columns, lines] of GRIDS) {
      const points = pointsOf(columns, lines);
      for (const k of [1, 3, 8])
        for (const size of [4, 24, 100, 2000]) {
          const frame = { ...window, k };
          const drawn = drawnIn(points, frame, size, { columns, lines }, NONE);
          const at = drawn.points.map((point) => place(point, frame));
          expect(heaped(at, drawn.side)).toBe(0);
          expect(drawn.points.length + drawn.rest.length).toBe(points.length);
          expect(drawn.side).toBeGreaterThanOrEqual(Math.min(size, 0.9 * 420 * k));
          for (const [x, y] of at) {
            expect(Math.min(x, y) - drawn.side / 2).toBeGreaterThanOrEqual(0);
            expect(x + drawn.side / 2).toBeLessThanOrEqual(700 * k);
            expect(y + drawn.side / 2).toBeLessThanOrEqual(420 * k);
          }
          // As many as the size leaves room for, up to one share of a block.
          const most = (700 * 420 * k * k) / drawn.side ** 2;
          if (drawn.rest.length) expect(drawn.points.length).toBeGreaterThan(0.4 * most);
        }
    }
  });
  it("are all there where they are large enough, and more of them the further one zooms in", () => {
    const points = pointsOf(50, 40);
    const many = (k: number, size: number) =>
      drawnIn(points, { ...window, k }, size, { columns: 50, lines: 40 }, NONE).points.length;
    expect(many(1, 9)).toBe(2000);
    expect(many(1, 24)).toBeLessThan(300);
    const counts = [1, 1.5, 2, 4, 8].map((k) => many(k, 24));
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBe(2000);
  });
  it("stand for their block where it has no room for all: the last ones, but no faint ones", () => {
    const points = pointsOf(4, 2);
    const frame: Frame = { ...window, k: 1 };
    const rows = (faint: ReadonlySet<number>) =>
      drawnIn(points, frame, 200, { columns: 4, lines: 2 }, faint).points.map(({ row }) => row);
    expect(rows(NONE).sort()).toEqual([5, 7]);
    expect(rows(new Set([5])).sort()).toEqual([4, 7]);
    expect(rows(new Set([0, 1, 4, 5])).sort()).toEqual([5, 7]);
  });
});

describe("pictures where their likeness puts them", () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  // Most of them on heaps.
  const points = Array.from({ length: 600 }, (_, row) => ({
    row,
    x: row % 3 ? 0.4 + 0.05 * random() : random(),
    y: row % 3 ? 0.6 + 0.05 * random() : random(),
  }));
  const at = (k: number, size: number) => {
    const frame = { width: 700, height: 420, k, x: -31, y: 17 };
    const drawn = drawnIn(points, frame, size, null, NONE);
    return { ...drawn, at: drawn.points.map((point) => place(point, frame)) };
  };
  it("never lie over one another, those that go first being drawn in any case", () => {
    for (const k of [0.5, 1, 5, 40])
      for (const size of [16, 24, 100]) {
        const drawn = at(k, size);
        expect(heaped(drawn.at, drawn.side)).toBe(0);
        expect(drawn.points.at(-1)?.row).toBe(599);
        expect(drawn.points.length + drawn.rest.length).toBe(600);
        // Each that is not drawn has one in its way.
        for (const point of drawn.rest) {
          const [x, y] = place(point, { width: 700, height: 420, k, x: -31, y: 17 });
          const near = drawn.at.some(
            ([ax, ay]) => Math.max(Math.abs(ax - x), Math.abs(ay - y)) < drawn.side / 0.93,
          );
          expect(near).toBe(true);
        }
      }
  });
  it("are more and larger the further one zooms in", () => {
    const [far, near] = [at(1, 24), at(10, 24)];
    expect(far.points.length).toBeLessThan(350);
    expect(near.points.length).toBeGreaterThan(far.points.length);
    expect(near.side).toBeGreaterThan(far.side);
  });
});
