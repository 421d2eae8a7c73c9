import { describe, expect, it } from "vitest";
import { extremesOf, frameThrough, landmarksIn, placeOf } from "../src/map/landmarks";

const SIZE = { width: 600, height: 400 };

function pointsAt(places: [number, number][], values: number[] = []) {
  return {
    rows: Uint32Array.from(places, (_, row) => row + 10),
    x: Float32Array.from(places, ([x]) => x),
    y: Float32Array.from(places, ([, y]) => y),
    value: Float32Array.from(places, (_, at) => values[at] ?? 0),
  };
}

const grid = (side: number): [number, number][] =>
  Array.from({ length: side * side }, (_, i) => [
    (2 * (i % side)) / (side - 1) - 1,
    (2 * Math.floor(i / side)) / (side - 1) - 1,
  ]);

function frameOf(points: ReturnType<typeof pointsAt>, zoom = 1) {
  const position = (at: number): [number, number] => [
    300 + 200 * zoom * (points.x[at] as number),
    200 - 200 * zoom * (points.y[at] as number),
  ];
  return { position, frame: frameThrough(points, extremesOf(points), position, SIZE) };
}

describe("the frame of the map", () => {
  it("puts every point where it is drawn", () => {
    const points = pointsAt(grid(7));
    const { frame, position } = frameOf(points, 1.7);
    if (!frame) throw new Error("no frame");
    for (let at = 0; at < 49; at++) {
      const [x, y] = placeOf(points, at, frame);
      expect(x).toBeCloseTo(position(at)[0], 3);
      expect(y).toBeCloseTo(position(at)[1], 3);
    }
  });

  it("is there for points in one place, and for none it is not", () => {
    const one = pointsAt([[0.5, 0.5]]);
    const { frame, position } = frameOf(one);
    expect(frame && placeOf(one, 0, frame)).toEqual(position(0));
    expect(frameOf(pointsAt([])).frame).toBeNull();
  });
});

describe("pictures of the map", () => {
  const drawn = (points: ReturnType<typeof pointsAt>, zoom = 1, first = new Set<number>()) => {
    const { frame } = frameOf(points, zoom);
    if (!frame) throw new Error("no frame");
    const found = landmarksIn(points, frame, first, true);
    const places = found.points.map((at) => placeOf(points, at, frame));
    places.forEach(([x, y], i) => {
      expect(x >= 0 && x <= SIZE.width && y >= 0 && y <= SIZE.height).toBe(true);
      for (const [ox, oy] of places.slice(0, i)) {
        expect(Math.abs(ox - x) >= found.side || Math.abs(oy - y) >= found.side).toBe(true);
      }
    });
    return found;
  };

  it("do not overlap, leave the map to be seen, and come as one zooms in", () => {
    const points = pointsAt(grid(60));
    const far = drawn(points);
    expect(far.points.length).toBeGreaterThan(8);
    expect(far.points.length * far.side ** 2).toBeLessThan((SIZE.width * SIZE.height) / 3);
    const near = drawn(points, 20);
    expect(near.points.some((at) => !far.points.includes(at))).toBe(true);
    expect(near.side).toBeGreaterThan(far.side);
  });

  it("are those of the highest value, after what is selected", () => {
    const close: [number, number][] = [
      [0, 0],
      [0.01, 0],
      [0, 0.01],
    ];
    const points = pointsAt([...close, [1, 1]], [0.1, 0.9, 0.2, 0]);
    expect(drawn(points).points).toEqual([1, 3]);
    expect(drawn(points, 1, new Set([2])).points[0]).toBe(2);
  });

  it("are chosen from a million points in no time", () => {
    const many = pointsAt(grid(1000));
    const { frame } = frameOf(many);
    if (!frame) throw new Error("no frame");
    const before = performance.now();
    const found = landmarksIn(many, frame, new Set([77]), false);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(found.points[0]).toBe(77);
  });
});
