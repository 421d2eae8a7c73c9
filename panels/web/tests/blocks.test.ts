import { describe, expect, it } from "vitest";
import { inBlocks } from "../src/overview/blocks";

const range = (startIndex: number, endIndex: number, count = 1000) => ({
  startIndex,
  endIndex,
  count,
  overscan: 4,
});

describe("rows in blocks", () => {
  it("holds all that is on screen and some more on both sides", () => {
    for (let start = 0; start < 988; start++) {
      const rows = inBlocks(range(start, start + 11));
      expect(rows[0]).toBeLessThanOrEqual(Math.max(0, start - 4));
      expect(rows.at(-1)).toBeGreaterThanOrEqual(Math.min(999, start + 15));
      expect(rows.length).toBeLessThanOrEqual(40);
    }
  });

  it("stays the same for most steps of the way", () => {
    const kept = new Set<string>();
    for (let start = 0; start < 80; start++) kept.add(inBlocks(range(start, start + 11)).join());
    expect(kept.size).toBeLessThanOrEqual(22);
  });

  it("ends with the list", () => {
    expect(inBlocks(range(0, 2, 3))).toEqual([0, 1, 2]);
    expect(inBlocks(range(0, 0, 0))).toEqual([]);
  });
});
