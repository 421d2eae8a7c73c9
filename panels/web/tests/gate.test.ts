import { describe, expect, it } from "vitest";

import { DOUBLE_MS, Gate } from "../src/acts/gate";
import { namesOf } from "../src/shortcuts";

describe("a press", () => {
  it("counts once for each picture that has been drawn", () => {
    const gate = new Gate();
    expect(gate.why("confirm", false, 0)).toBe("unseen");
    expect(gate.why("confirm", true, 1000)).toBeNull();
    expect(gate.why("remove", true, 1010)).toBe("again");
    gate.shows(1900);
    expect(gate.why("accept", true, 1890)).toBe("unseen");
    expect(gate.why("remove", true, 2000)).toBeNull();
  });
  it("that bounces is one, also when the next picture is there by then", () => {
    const gate = new Gate();
    expect(gate.why("confirm", true, 0)).toBeNull();
    gate.shows(60);
    expect(gate.why("confirm", true, DOUBLE_MS - 1)).toBe("twice");
    expect(gate.why("confirm", true, 2 * DOUBLE_MS - 2)).toBe("twice");
    expect(gate.why("accept", true, 2 * DOUBLE_MS)).toBeNull();
    gate.shows(2.5 * DOUBLE_MS);
    expect(gate.why("accept", true, 3 * DOUBLE_MS)).toBeNull();
  });
  it("about no picture needs none", () => {
    const gate = new Gate();
    expect(gate.why("undo", null, 0)).toBeNull();
    expect(gate.why("undo", null, 10)).toBe("twice");
    expect(gate.why("undo", null, 1000)).toBeNull();
  });
});

describe("the name of a key", () => {
  it("is the same with Shift, with Caps Lock and on other layouts", () => {
    expect(namesOf({ key: "C", code: "KeyC" })).toEqual(["c"]);
    expect(namesOf({ key: "!", code: "Digit1" })).toEqual(["!", "1"]);
    expect(namesOf({ key: "1", code: "Digit1" })).toEqual(["1"]);
    expect(namesOf({ key: "&", code: "Digit1" })).toEqual(["&", "1"]);
    expect(namesOf({ key: "с", code: "KeyC" })).toEqual(["с", "c"]);
    // A Latin letter is what is printed on the key, not its place.
    expect(namesOf({ key: "a", code: "KeyQ" })).toEqual(["a"]);
    expect(namesOf({ key: "?", code: "Slash" })).toEqual(["?"]);
    expect(namesOf({ key: "ArrowUp", code: "ArrowUp" })).toEqual(["ArrowUp"]);
  });
});
