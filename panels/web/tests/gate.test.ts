import { afterEach, describe, expect, it, vi } from "vitest";

import { DOUBLE_MS, Gate, SETTLE_MS } from "../src/acts/gate";
import { namesOf } from "../src/shortcuts";

/** A gate that asks for no time between what is shown and what is decided on it. */
const quick = () => new Gate(0);

describe("a press", () => {
  it("counts once for each picture that has been drawn", () => {
    const gate = quick();
    expect(gate.why("confirm", "whole", false, 0)).toBe("unseen");
    expect(gate.why("confirm", "whole", true, 1000)).toBeNull();
    expect(gate.why("remove", "whole", true, 1010)).toBe("again");
    gate.shows(1900);
    expect(gate.why("accept", "whole", true, 1890)).toBe("unseen");
    expect(gate.why("remove", "whole", true, 2000)).toBeNull();
  });
  it("that bounces is one, also when the next picture is there by then", () => {
    const gate = quick();
    expect(gate.why("confirm", "whole", true, 0)).toBeNull();
    gate.shows(60);
    expect(gate.why("confirm", "whole", true, DOUBLE_MS - 1)).toBe("twice");
    expect(gate.why("confirm", "whole", true, 2 * DOUBLE_MS - 2)).toBe("twice");
    expect(gate.why("accept", "whole", true, 2 * DOUBLE_MS)).toBeNull();
    gate.shows(2.5 * DOUBLE_MS);
    expect(gate.why("accept", "whole", true, 3 * DOUBLE_MS)).toBeNull();
  });
  it("of the same key is one, whatever the key does by then", () => {
    const gate = quick();
    expect(gate.why("relabel cat", "whole", true, 0, "KeyA")).toBeNull();
    gate.shows(60);
    expect(gate.why("remove", "whole", true, DOUBLE_MS - 1, "KeyA")).toBe("twice");
    expect(gate.why("add cat", "whole", true, DOUBLE_MS + 1, "KeyX")).toBeNull();
    gate.shows(DOUBLE_MS + 2);
    // No two of which the key is not known are of the same.
    expect(gate.why("skip", "whole", true, DOUBLE_MS + 3)).toBeNull();
    gate.shows(DOUBLE_MS + 4);
    expect(gate.why("accept", "whole", true, DOUBLE_MS + 5)).toBeNull();
  });
  it("about no picture needs none", () => {
    const gate = new Gate();
    gate.shows(0);
    expect(gate.why("undo", "nothing", false, 0)).toBeNull();
    expect(gate.why("undo", "nothing", true, 10)).toBe("twice");
    expect(gate.why("undo", "nothing", true, 1000)).toBeNull();
  });
  it("that comes before a picture can have been looked at was meant for the one before", () => {
    const gate = new Gate();
    gate.shows(1000);
    expect(gate.why("confirm", "whole", true, 990)).toBe("unseen");
    expect(gate.why("remove", "whole", true, 1000)).toBe("early");
    expect(gate.why("accept", "whole", true, 1000 + SETTLE_MS - 1)).toBe("early");
    // A press that was dropped has used nothing up.
    expect(gate.why("skip", "whole", true, 1000 + SETTLE_MS)).toBeNull();
    expect(gate.why("confirm", "whole", true, 2000)).toBe("again");
    // What comes again is looked at anew.
    gate.shows(3000);
    expect(gate.why("confirm", "whole", true, 3001)).toBe("early");
  });
  it("is of the time that it was made at, however late it is handled", () => {
    const gate = new Gate();
    gate.shows(1000);
    // Handled with others after a second in which the window was busy: asked for before, and after.
    expect(gate.why("remove", "whole", true, 1100)).toBe("early");
    expect(gate.why("confirm", "whole", true, 1200)).toBeNull();
  });
  it("on parts counts for each of them, once they can have been looked at", () => {
    const gate = new Gate();
    gate.shows(1000);
    expect(gate.why("mark 1", "part", true, 1100)).toBe("early");
    expect(gate.why("mark 2", "part", true, 1200)).toBeNull();
    expect(gate.why("mark 3", "part", true, 1210)).toBeNull();
    expect(gate.why("mark 3", "part", true, 1220)).toBe("twice");
    expect(gate.why("mark 1", "part", false, 2000)).toBe("unseen");
    // Marks leave the whole to be decided on.
    expect(gate.why("page", "whole", true, 2100)).toBeNull();
  });
});

describe("a click", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  it("is of the time when its button went down", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("window", Object.assign(new EventTarget(), { setTimeout, event: undefined }));
    vi.stubGlobal("KeyboardEvent", class extends Event {});
    const { beganAt, watchPresses } = await import("../src/acts/began");
    watchPresses();
    const happens = (type: string, timeStamp: number, trusted = true) => {
      const event = new Event(type);
      Object.defineProperty(event, "timeStamp", { value: timeStamp });
      Object.defineProperty(event, "isTrusted", { value: trusted });
      (window as { event: Event | undefined }).event = event;
      window.dispatchEvent(event);
      return beganAt();
    };
    happens("pointerdown", 100);
    happens("pointerup", 400);
    expect(happens("click", 400)).toBe(100);
    vi.runAllTimers();
    // By a screen reader, or by a script.
    expect(happens("click", 900)).toBe(900);
    happens("pointerdown", 1000);
    expect(happens("click", 1100, false)).toBe(1100);
    expect(happens("keydown", 1200)).toBe(1200);
  });
});

describe("what asks for something", () => {
  afterEach(() => vi.unstubAllGlobals());
  it("is a key, or the button around what was clicked", async () => {
    const button = {};
    class Part extends EventTarget {
      closest = () => button;
    }
    vi.stubGlobal("Element", Part);
    vi.stubGlobal("KeyboardEvent", class extends Event {});
    const { pressedBy } = await import("../src/acts/began");
    const by = (type: string, more: object, Kind: new (type: string) => Event = Event) => {
      const event = new Kind(type);
      for (const [name, value] of Object.entries(more))
        Object.defineProperty(event, name, { value });
      vi.stubGlobal("window", { event });
      return pressedBy();
    };
    expect(by("keydown", { code: "KeyA", key: "A" }, KeyboardEvent)).toBe("KeyA");
    expect(by("keydown", { code: "", key: "a" }, KeyboardEvent)).toBe("a");
    expect(by("click", { target: new Part() })).toBe(button);
    expect(by("message", { target: new Part() })).toBeNull();
    vi.stubGlobal("window", { event: undefined });
    expect(pressedBy()).toBeNull();
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
