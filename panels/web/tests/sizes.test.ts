import { expect, test } from "vitest";
import { columnsFor, LARGEST, SMALLEST, sideFor, sideToFit } from "../src/parts/sizes";

test("columns fill the width at every size, and none sticks out", () => {
  for (const width of [200, 355, 488, 803, 1600]) {
    for (let size = SMALLEST; size <= LARGEST; size += 4) {
      const columns = columnsFor(width, size, 6);
      const side = sideFor(width, columns, 6);
      const taken = 6 + columns * (side + 6);
      expect(taken).toBeLessThanOrEqual(width);
      expect(width - taken).toBeLessThan(columns);
      expect(side / size).toBeLessThan(width < size ? 1 : 2.1);
    }
  }
});

test("a larger size never gives more columns", () => {
  const columns = [60, 100, 150, 200, 400].map((size) => columnsFor(900, size, 6));
  expect(columns).toEqual(columns.toSorted((a, b) => b - a));
});

test("pictures that have to lie in a box lie in it, as large as they can", () => {
  const room = { width: 700, height: 400 };
  const frame = { width: 20, height: 80 };
  expect(sideToFit(2, room, 8, frame)).toBe(320);
  for (const pictures of [1, 2, 3, 5, 9, 24]) {
    const side = sideToFit(pictures, room, 8, frame);
    const columns = Math.floor((room.width + 8) / (side + frame.width + 8));
    const lines = Math.ceil(pictures / columns);
    expect(lines * (side + frame.height + 8) - 8).toBeLessThanOrEqual(room.height + 1);
  }
});
