import { describe, expect, it } from "vitest";
import type { AuditItem } from "../src/events";
import { keysOf, listed } from "../src/parts/digits";
import { named, nothingDone, withoutLast } from "../src/progress/outlines";
import { inOrder } from "../src/progress/useAuditItems";

describe("the keys of an audit's classes", () => {
  it("are their places, ten at most", () => {
    const names = Array.from({ length: 12 }, (_, i) => `class ${i}`);
    expect(keysOf(names)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "", ""]);
  });

  it("are the digits themselves where the classes are digits", () => {
    expect(keysOf(["0", "3", "7"])).toEqual(["0", "3", "7"]);
  });
});

describe("the digits of the queue", () => {
  const probabilities = [2, 0, 1].map((label, at) => ({ label, p: 0.5 - at / 10 }));
  const sample = { probabilities };
  const names = ["hat", "pants", "shirt", "skirt"];

  it("stay with their class, whatever the sample", () => {
    const choices = listed(sample, names, "class");
    expect(choices.map(({ key }) => key)).toEqual(["1", "2", "3", "4"]);
    expect(choices.map(({ label }) => label)).toEqual([0, 1, 2, 3]);
    expect(choices.map(({ p }) => p)).toEqual([0.4, 0.3, 0.5, null]);
  });

  it("go by probability where that is chosen, or where there are too many classes", () => {
    const many = Array.from({ length: 21 }, (_, i) => `class ${i}`);
    for (const choices of [listed(sample, names, "probability"), listed(sample, many, "class")]) {
      expect(choices.map(({ label, key }) => [label, key])).toEqual([
        [2, "1"],
        [0, "2"],
        [1, "3"],
      ]);
    }
  });
});

describe("an audit that others judge as well", () => {
  const item = (place: number): AuditItem => ({
    place,
    classes: [],
    image: "",
    width: 0,
    height: 0,
    problem: "",
  });
  const places = (items: readonly AuditItem[]) => items.map(({ place }) => place);

  it("keeps the sample in front, unless it was judged", () => {
    const kept = inOrder([item(1), item(4), item(6)], 4, 3);
    expect([places(kept.line), kept.lost]).toEqual([[4, 1, 6], false]);
    const judged = inOrder([item(5), item(6)], 4, 3);
    expect([places(judged.line), judged.lost]).toEqual([[5, 6], true]);
    // It may be further down than was asked for.
    expect(inOrder([item(1), item(2), item(3)], 4, 3).lost).toBe(false);
    expect(inOrder([item(1)], null, 3).lost).toBe(false);
  });
});

describe("what is drawn in an audit of objects", () => {
  const box = [0.1, 0.2, 0.3, 0.4] as const;
  const started = nothingDone(3);

  it("goes with the class as the verdict on an outline", () => {
    expect(named(started, false, "cat").verdict).toEqual({ label: "cat" });
    expect(named({ ...started, box }, false, "cat").verdict).toEqual({ label: "cat", box });
  });

  it("is one more object of a whole image once its class is said", () => {
    expect(named(started, true, "cat")).toEqual({ work: started, verdict: null });
    const { work, verdict } = named({ ...started, box, adjusting: true }, true, "cat");
    expect(verdict).toBeNull();
    expect(work).toEqual({ ...started, found: [{ label: "cat", box }] });
  });

  it("is taken back one by one, before any verdict is", () => {
    const one = { ...started, box, found: [{ label: "cat", box }] };
    const without = withoutLast(one);
    expect(without).toEqual({ ...one, box: null });
    expect(without && withoutLast(without)).toEqual(started);
    expect(withoutLast(started)).toBeNull();
  });
});
