// What FiftyOne brings back into its selection is taken out again, once, unless it was chosen here.
import { expect, test } from "vitest";
import { BACK_MS, TakenOut } from "../src/parts/takenOut";

test("what comes back is told once", () => {
  const out = new TakenOut();
  out.take(["a", "b"], 0);
  expect(out.back([], 10)).toEqual([]);
  expect(out.back(["a", "c"], 20)).toEqual(["a"]);
  expect(out.back(["a", "c"], 30)).toEqual([]);
  expect(out.back(["b"], 40)).toEqual(["b"]);
});

test("what is chosen here stays", () => {
  const out = new TakenOut();
  out.take(["a", "b"], 0);
  out.chosen(["a"]);
  expect(out.back(["a", "b"], 10)).toEqual(["b"]);
});

test("what is selected much later is meant", () => {
  const out = new TakenOut();
  out.take(["a"], 0);
  expect(out.back(["a"], BACK_MS)).toEqual([]);
});
