// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";

import { isNumber, isRows, oneOf, read, remember, write } from "../src/kept";
import { inFront, type Line, without } from "../src/queue/useLine";
import { isChoice } from "../src/ranking/choice";
import { isScreen } from "../src/screens";

describe("what the browser keeps", () => {
  beforeEach(() => {
    window.localStorage.clear();
    window.sessionStorage.clear();
  });

  it("comes back, in a new window too, where this one has nothing of its own", () => {
    write("deconfuse/d/size", 96);
    expect(read("deconfuse/d/size", 64, isNumber)).toBe(96);
    window.sessionStorage.clear();
    expect(read("deconfuse/d/size", 64, isNumber)).toBe(96);
    window.localStorage.setItem("deconfuse/d/size", "128");
    write("deconfuse/d/size", 80);
    window.localStorage.setItem("deconfuse/d/size", "128"); // by another window
    expect(read("deconfuse/d/size", 64, isNumber)).toBe(80);
  });

  it("is left where it is no such thing", () => {
    for (const text of ["{", "null", '"96"', "[1]", '{"a":1}']) {
      window.localStorage.setItem("deconfuse/d/size", text);
      expect(read("deconfuse/d/size", 64, isNumber)).toBe(64);
    }
    expect(oneOf("map", "grid")("list")).toBe(false);
    expect(isRows([1, -2])).toBe(false);
  });

  it("does without a browser that keeps nothing", () => {
    const denied = vi.spyOn(window, "sessionStorage", "get").mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
    write("deconfuse/d/size", 96);
    remember("d", "i");
    expect(read("deconfuse/d/size", 64, isNumber)).toBe(64);
    denied.mockRestore();
  });

  it("forgets the iterations that were looked at longest ago, and nothing else", () => {
    write("deconfuse/d/old/screen", { name: "queue" });
    write("deconfuse/d/digits", "class");
    write("deconfuse/other/old/screen", { name: "map" });
    remember("d", "old");
    for (let i = 0; i < 8; i++) remember("d", `new ${i}`);
    const any = (value: unknown): value is unknown => value !== undefined;
    expect(read("deconfuse/d/old/screen", null, any)).toBeNull();
    expect(read("deconfuse/d/digits", null, any)).toBe("class");
    expect(read("deconfuse/other/old/screen", null, any)).toEqual({ name: "map" });
  });

  it("is no screen or ranking of classes that are not there", () => {
    const is = isScreen(3);
    expect(is({ name: "cell", label: 2, prediction: 0 })).toBe(true);
    expect(is({ name: "queue", cell: null, ranked: true })).toBe(true);
    for (const bad of [null, {}, { name: "no" }, { name: "cell", label: 3, prediction: 0 }]) {
      expect(is(bad)).toBe(false);
    }
    expect(is({ name: "queue", cell: [0, 3] })).toBe(false);
    expect(isChoice(3)({ by: "suspicion", above: null, label: 2 })).toBe(true);
    expect(isChoice(3)({ by: "toString", above: null, label: 2 })).toBe(false);
    expect(isChoice(3)({ by: "suspicion", above: null, label: 3 })).toBe(false);
  });
});

describe("the queue's line", () => {
  const line: Line = { rows: [5, 7], left: 2, outside: 0, skipped: [9, 4], deleted: 0 };
  const none = new Set<number>();

  it("has skipped samples at its end, in the order of the skipping", () => {
    expect(inFront(line, none)).toBe(5);
    const rest = without(without(line, 5), 7);
    expect(rest.left).toBe(0);
    expect(inFront(rest, none)).toBe(9);
    expect(inFront(rest, new Set([9]))).toBe(4);
    expect(inFront(rest, new Set([9, 4]))).toBeNull();
    expect(inFront(without(rest, 9), none)).toBe(4);
  });

  it("waits for more before it comes to those", () => {
    expect(inFront({ ...line, rows: [], left: 3 }, none)).toBeNull();
    expect(inFront(null, none)).toBeNull();
  });
});
