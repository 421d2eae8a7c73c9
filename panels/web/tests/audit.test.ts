import { describe, expect, it } from "vitest";
import { keysOf } from "../src/progress/keys";

describe("the keys of an audit's classes", () => {
  it("are their places, ten at most", () => {
    const names = Array.from({ length: 12 }, (_, i) => `class ${i}`);
    expect(keysOf(names)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "", ""]);
  });

  it("are the digits themselves where the classes are digits", () => {
    expect(keysOf(["0", "3", "7"])).toEqual(["0", "3", "7"]);
  });
});
