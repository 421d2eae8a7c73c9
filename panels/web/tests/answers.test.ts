import { expect, it } from "vitest";
import { answered, isFresh, NO_ANSWERS } from "../src/answers";

it("takes what was asked before a decision or its undo as stale, of their rows alone", () => {
  const decided = answered(NO_ANSWERS, [3, 4]);
  expect(isFresh(decided, 3, 0)).toBe(false);
  expect(isFresh(decided, 3, decided.count)).toBe(true);
  expect(isFresh(decided, 5, 0)).toBe(true);
  const undone = answered(decided, [3]);
  expect(isFresh(undone, 3, decided.count)).toBe(false);
  expect(isFresh(undone, 4, decided.count)).toBe(true);
  expect(isFresh(undone, 3, undone.count)).toBe(true);
});

it("keeps the last rows of a decision on many", () => {
  const many = answered(NO_ANSWERS, [...Array(5000).keys()]);
  expect(many.of.size).toBe(1000);
  expect(isFresh(many, 4999, 0)).toBe(false);
});
