import { describe, expect, it } from "vitest";
import { BINS, barsPath, byLabel, cellsOf, firstBin, saturation } from "../src/overview/cells";

const columns = {
  cell: [4, 5, 9],
  label: [1, 1, 2],
  prediction: [1, 0, 0],
  open: [7, 2, 1],
  suspects: [0, 2, 1],
  errors: [0.5, 1.5, 0.7],
  duplicates: [false, true, false],
  bars: [...Array(20).fill(0), ...Array(19).fill(0), 2, ...Array(20).fill(1)],
};

describe("cells", () => {
  it("are read column by column", () => {
    const cells = cellsOf(columns);
    expect(cells.map((cell) => cell.open)).toEqual([7, 2, 1]);
    expect(cells[1]?.bars).toHaveLength(20);
    expect(cells[1]?.bars.at(-1)).toBe(2);
  });

  it("are grouped by label in the order of the reply", () => {
    const groups = byLabel(columns);
    expect([...groups.keys()]).toEqual([1, 2]);
    expect(groups.get(1)?.map((cell) => cell.prediction)).toEqual([1, 0]);
  });
});

describe("bars", () => {
  it("put the lowest bin at the bottom and the fullest bin at full width", () => {
    const bars = [4, 0, 2, 0];
    expect(barsPath(bars, 10, 40)).toBe("M0 30h10v8.2h-10zM0 10h5v8.2h-5z");
  });

  it("are not drawn where there is nothing", () => {
    expect(barsPath([0, 0], 10, 10)).toBe("");
  });
});

describe("the range of IIES", () => {
  it("begins at 1/2, below which nothing lies, whatever the number of classes", () => {
    expect(firstBin(2)).toBeCloseTo(0);
    expect(firstBin(10)).toBeCloseTo((0.4 / 0.9) * BINS);
    expect(firstBin(1)).toBeCloseTo(BINS / 2);
  });
});

describe("blue", () => {
  it("grows with the count, from nothing to the largest cell", () => {
    expect(saturation(0, 9)).toBe(0);
    expect(saturation(9, 9)).toBe(1);
    expect(saturation(4, 9)).toBeGreaterThan(saturation(1, 9));
    expect(saturation(0, 0)).toBe(0);
  });
});
