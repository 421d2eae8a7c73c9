import { expect, test } from "vitest";
import { arranged } from "../src/parts/Context";

test("three groups of pictures fit into every width, as large as they can be", () => {
  for (let width = 150; width < 2000; width += 7) {
    const { side, columns } = arranged(width);
    const [pictures, room] = { 1: [3, 12], 2: [6, 44], 3: [12, 94] }[columns] as [number, number];
    expect(pictures * side + room).toBeLessThanOrEqual(width);
    expect(side).toBeGreaterThanOrEqual(40);
    expect(side).toBeLessThanOrEqual(128);
  }
  expect(arranged(1240).columns).toBe(3);
  expect(arranged(356)).toEqual({ side: 52, columns: 2 });
  expect(arranged(250).columns).toBe(1);
});
