import { describe, expect, it } from "vitest";
import type { MapReply } from "../src/events";
import { arraysOf, highest, hues, pointsOf, ramp } from "../src/map/arrays";
import { distanceToFit, isFitted } from "../src/map/fit";

const packed = (values: ArrayLike<number>, Kind: typeof Uint16Array | typeof Uint8Array) =>
  btoa(String.fromCharCode(...new Uint8Array(Kind.from(values).buffer)));

const reply: MapReply = {
  revision: 3,
  map: "a",
  samples: 3,
  places: packed([0, 0, 65535, 65535, 65535, 0], Uint16Array),
  values: packed([65535, 0, 32768], Uint16Array),
  low: -1,
  high: 2,
  shown: packed([1, 0, 2], Uint8Array),
  names: [],
};

describe("the map's arrays", () => {
  it("draw open samples of the view, with the picture's top up", () => {
    const points = pointsOf(arraysOf(reply, "suspicion", null));
    expect([...points.rows]).toEqual([0]);
    expect([points.x[0], points.y[0]]).toEqual([-1, 1]);
    expect(points.value[0]).toBe(1);
  });

  it("draw every sample where decisions are looked at, with the code as value", () => {
    const points = pointsOf(arraysOf(reply, "decision", null));
    expect([...points.rows]).toEqual([0, 1, 2]);
    expect(points.value[2]).toBe(32768);
  });

  it("keep places that are not sent again", () => {
    const first = arraysOf(reply, "label", null);
    const second = arraysOf({ ...reply, places: "" }, "label", first);
    expect(second.places).toBe(first.places);
  });

  it("name the open rows with the highest values", () => {
    const open = { ...reply, shown: packed([1, 1, 1], Uint8Array) };
    expect(highest(arraysOf(open, "disagreement", null), 2)).toEqual([0, 2]);
  });
});

describe("colours", () => {
  it("are as many as there are classes, and all different", () => {
    for (const dark of [true, false]) expect(new Set(hues(100, dark)).size).toBe(100);
    expect(hues(0, true)).toHaveLength(1);
    expect(ramp(8).every((colour) => /^#[0-9a-f]{6}$/.test(colour))).toBe(true);
  });
});

describe("the whole map", () => {
  it("fits the height, and the width where that is less", () => {
    const wide = distanceToFit({ clientWidth: 800, clientHeight: 600 });
    expect(distanceToFit({ clientWidth: 600, clientHeight: 600 })).toBe(wide);
    expect(distanceToFit({ clientWidth: 300, clientHeight: 600 })).toBeCloseTo(2 * wide);
  });

  it("is fitted again until somebody zooms or pans", () => {
    // As the library gives it back: the inverse of a scale in single precision.
    const kept = (distance: number) => 1 / Math.fround(1 / distance);
    for (const distance of [1.06, 1.48, 2.7]) {
      expect(isFitted(kept(distance), [0, -0], distance)).toBe(true);
      expect(isFitted(kept(distance / 1.01), [0, 0], distance)).toBe(false);
      expect(isFitted(kept(distance), [0, -0.01], distance)).toBe(false);
      expect(isFitted(kept(distance), [0.01, 0], distance)).toBe(false);
    }
  });
});
