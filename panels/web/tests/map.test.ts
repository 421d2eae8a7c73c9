import { describe, expect, it } from "vitest";
import type { MapReply } from "../src/events";
import { arraysOf, highest, hues, pointsOf, ramp } from "../src/map/arrays";

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
