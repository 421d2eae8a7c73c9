import { expect, test } from "vitest";

import { isGiven } from "../src/annotators/given";
import { arranged, confused, rowsOf, sortedBy } from "../src/annotators/table";

const reply = {
  revision: 0,
  name: ["eve", "ada", "bob"],
  votes: [9, 5, 5],
  accuracy: [0.6, 0.95, 0.9],
  low: [0.5, 0.9, 0.8],
  high: [0.7, 0.99, 0.95],
  meant: [0, -1, 1],
  said: [1, -1, 0],
  confused: [2, 0, 1],
  wrong: [3, 0, 1],
};
const names = (rows: { name: string }[]) => rows.map(({ name }) => name);

test("annotators are sorted by any column, equal ones by their votes", () => {
  const rows = rowsOf(reply);
  const byAccuracy = arranged(rows, "", { by: "accuracy", down: false });
  expect(names(byAccuracy)).toEqual(["eve", "bob", "ada"]);
  expect(names(arranged(rows, "", { by: "votes", down: true }))).toEqual(["eve", "ada", "bob"]);
  expect(names(arranged(rows, " B", { by: "name", down: false }))).toEqual(["bob"]);
});

test("a column begins with what one looks for and turns round", () => {
  const first = sortedBy("wrong", { by: "votes", down: true });
  expect(first).toEqual({ by: "wrong", down: true });
  expect(sortedBy("wrong", first)).toEqual({ by: "wrong", down: false });
  expect(sortedBy("accuracy", first)).toEqual({ by: "accuracy", down: false });
});

test("confusions are grouped by what was meant, classes without any left out", () => {
  const rows = confused({
    revision: 0,
    meant: [1, 1, 0, 0],
    said: [1, 2, 0, 2],
    votes: [5, 2, 4, 1],
    open: [5, 1, 4, 0], // the last one is decided
    bars: Array.from({ length: 80 }, (_, at) => at),
  });
  expect(rows).toHaveLength(1);
  expect(rows[0]?.map(({ said, open }) => [said, open])).toEqual([
    [1, 5],
    [2, 1],
  ]);
  expect(rows[0]?.[1]?.bars[0]).toBe(20);
});

test("what was kept of another iteration's classes is no filter", () => {
  const is = isGiven(3);
  expect(is(null)).toBe(true);
  expect(is({ annotator: "eve", said: 2, meant: null })).toBe(true);
  expect(is({ annotator: "eve", said: 3, meant: null })).toBe(false);
  expect(is({ said: 1, meant: 1 })).toBe(false);
});
