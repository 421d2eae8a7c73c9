import { describe, expect, it } from "vitest";
import {
  between,
  GRID_MARGIN,
  neighbour,
  pictureSide,
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

  it("lets pictures grow slower than the zoom", () => {
    const side = pictureSide(frame, 100);
    const zoomed = pictureSide({ ...frame, k: 4 }, 100);
    expect(zoomed).toBeGreaterThan(side);
    expect(zoomed).toBeLessThan(4 * side);
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

it("pictures on a grid fill the window and lie beside one another at every zoom", () => {
  for (const [columns, lines] of [
    [1, 1],
    [5, 3],
    [50, 40],
  ] as const) {
    const points = Array.from({ length: columns * lines }, (_, row) => ({
      row,
      x: ((row % columns) + 0.5) / columns,
      y: (Math.floor(row / columns) + 0.5) / lines,
    }));
    for (const k of [1, 3]) {
      const frame = { width: 700, height: 420, k, x: 0, y: 0, margin: GRID_MARGIN };
      const side = pictureSide(frame, points.length, { columns, lines });
      const at = points.map((point) => place(point, frame));
      const across = columns > 1 ? (at[1]?.[0] ?? 0) - (at[0]?.[0] ?? 0) : frame.width * k;
      const down = lines > 1 ? (at[columns]?.[1] ?? 0) - (at[0]?.[1] ?? 0) : frame.height * k;
      expect(side).toBeLessThanOrEqual(Math.min(across, down));
      expect(side).toBeGreaterThan(0.9 * Math.min(across, down));
      for (const [x, y] of at) {
        expect(Math.min(x, y) - side / 2).toBeGreaterThanOrEqual(0);
        expect(x + side / 2).toBeLessThanOrEqual(700 * k);
        expect(y + side / 2).toBeLessThanOrEqual(420 * k);
      }
    }
  }
});
