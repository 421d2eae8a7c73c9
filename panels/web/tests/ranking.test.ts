import { describe, expect, it } from "vitest";

import type { RankingReply } from "../src/events";
import { byPrediction, without, written } from "../src/ranking/choice";

describe("a ranking before it is made again", () => {
  const reply: RankingReply = {
    revision: 4,
    rows: [7, 8, 9],
    ids: ["a", "b", "c"],
    samples: [],
    labels: [0, 0, 1],
    predictions: [1, 2, 0],
    values: [0.9, 0.8, 0.7],
    total: 30,
    open: 40,
    outside: 2,
    bars: [],
    lowest: 0,
    highest: 1,
    available: {},
    operator: "",
  };
  it("loses what decisions after it have settled, and nothing else", () => {
    const now = without(reply, [
      { revision: 4, rows: [7] },
      { revision: 5, rows: [8, 100] },
    ]);
    expect([now.rows, now.ids, now.labels, now.predictions, now.values]).toEqual([
      [7, 9],
      ["a", "c"],
      [0, 1],
      [1, 0],
      [0.9, 0.7],
    ]);
    expect([now.total, now.open, now.outside]).toEqual([29, 39, 2]);
    expect(without(reply, [{ revision: 9, rows: [100] }])).toBe(reply);
  });
});

describe("a value", () => {
  it("has as many digits as its range asks for", () => {
    expect(written(0.98765, 0, 1)).toBe("0.99");
    expect(written(0.98765, 0.9, 1)).toBe("0.988");
    expect(written(-12.345, -20, 15)).toBe("−12.3");
    expect(written(1234.5, 0, 90000)).toBe("1235");
    expect(written(0.5, 0.5, 0.5)).toBe("0.50");
  });
});

describe("rows by prediction", () => {
  it("are grouped in their order", () => {
    const groups = byPrediction([5, 3, 8, 1], (row) => (row > 4 ? 2 : 0));
    expect([...groups]).toEqual([
      [2, [5, 8]],
      [0, [3, 1]],
    ]);
  });
});
