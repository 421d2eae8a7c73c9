// @vitest-environment happy-dom
import { describe, expect, it, vi } from "vitest";

import { problemOf } from "../src/ask";
import { samplesOf, without } from "../src/cell/useCell";
import type { CellReply, RunInfo } from "../src/events";
import { moved } from "../src/overview/moves";
import { sizesOf } from "../src/parts/CheckDialog";
import { isNew, optionsFor } from "../src/parts/options";
import { outdatedText } from "../src/parts/outdated";
import { change, explain, lastOutcome, nameOf, summary } from "../src/parts/summary";
import { nextCell } from "../src/session";
import { handlerFor, innermost } from "../src/shortcuts";
import { narrows } from "../src/useCurrentView";
import { newest } from "../src/useLooked";

describe("the run that is opened where none was looked at", () => {
  const run = (key: string, ...made: string[]) =>
    ({ key, iterations: made.map((created_at) => ({ created_at })) }) as unknown as RunInfo;

  it("is the one with the newest iteration, wherever it is listed", () => {
    const worked = run("deconfuse", "2026-01-01T10:00:00", "2026-01-03T10:00:00.250000");
    const runs = [run("f", "2026-01-02T10:00:00"), worked, run("x", "2026-01-03T10:00:00")];
    expect(newest([...runs, run("none")])).toBe(worked);
    expect(newest(runs.toReversed())).toBe(worked);
    expect(newest([run("none")])).toBeUndefined();
  });
});

describe("how many of a check can be looked at", () => {
  it("is never more than there are, and all of few", () => {
    expect(sizesOf(2)).toEqual([2]);
    expect(sizesOf(30)).toEqual([20, 30]);
    expect(sizesOf(5000)).toEqual([20, 30, 60, 100]);
  });
});

describe("answers", () => {
  it("are errors where Python says so, or where nothing came", () => {
    const problem = { kind: "input" as const, message: "no run", detail: "" };
    expect(problemOf({ error: problem }, undefined)).toBe(problem);
    expect(problemOf({ done: true }, undefined)).toBeNull();
    expect(problemOf(undefined, "Traceback", "failed")).toEqual({
      kind: "unexpected",
      message: "failed",
      detail: "Traceback",
    });
    expect(problemOf(undefined, undefined)?.kind).toBe("unexpected");
  });
});

describe("a cell before it is counted again", () => {
  const reply: CellReply = {
    revision: 4,
    open: 30,
    decided: 2,
    matching: 30,
    bars: [],
    samples: {
      row: [7, 8, 9],
      id: ["a", "b", "c"],
      label: [0, 0, 0],
      prediction: [1, 1, 1],
      iies: [0.9, 0.8, 0.7],
      suspicion: [3, 2, 1],
      in_view: [true, true, true],
    },
    sheet: null,
    layout: {
      x: [1, 2, 3],
      y: [4, 5, 6],
      method: "pca",
      pending: true,
      note: "",
      columns: 0,
      lines: 0,
    },
  };
  it("loses what decisions after it have settled, and nothing else", () => {
    const now = without(reply, [
      { revision: 4, rows: [7] },
      { revision: 5, rows: [8] },
      { revision: 6, rows: [100] },
    ]);
    expect([now.open, now.decided, now.matching]).toEqual([29, 3, 29]);
    expect([now.samples.row, now.samples.id]).toEqual([
      [7, 9],
      ["a", "c"],
    ]);
    expect([now.layout.x, now.layout.y]).toEqual([
      [1, 3],
      [4, 6],
    ]);
    expect(without(reply, [{ revision: 4, rows: [7, 8] }])).toBe(reply);
  });
});

describe("arrow keys in the overview", () => {
  const length = (row: number) => [3, 1, 2][row] ?? 0;
  it("stay within rows of different lengths", () => {
    expect(moved("ArrowDown", [0, 2], 3, length)).toEqual([1, 0]);
    expect(moved("End", [2, 0], 3, length)).toEqual([2, 1]);
    expect(moved("ArrowUp", [0, 1], 3, length)).toEqual([0, 1]);
    expect(moved("x", [0, 0], 3, length)).toBeNull();
  });
});

describe("typing a class", () => {
  const classes = ["dog", "cat", "catfish", "bobcat"];
  it("offers probable classes first", () => {
    expect(optionsFor("", classes, [2]).map((o) => o.name)).toEqual([
      "catfish",
      "bobcat",
      "cat",
      "dog",
    ]);
  });
  it("prefers names that begin as typed and offers no class that is not there", () => {
    expect(optionsFor("cat", classes, [3]).map((o) => o.name)).toEqual([
      "cat",
      "catfish",
      "bobcat",
    ]);
    expect(optionsFor("cats", classes, [])).toEqual([]);
    expect(optionsFor("catfish2", classes, [0])).toEqual([]);
  });
  it("knows a new name from a class", () => {
    expect(isNew("cats", classes)).toBe(true);
    expect(isNew("cat", classes)).toBe(false);
    expect(isNew("", classes)).toBe(false);
  });
});

describe("what became of an action", () => {
  const reply = {
    decision: "d",
    action: "relabel",
    applied: 2,
    conflict_count: 0,
    conflicts: [],
    what: null,
    left_out: {},
    revision: 1,
  };
  const what = {
    decision: "d",
    action: "relabel",
    before: ["shirt"],
    others: false,
    label: "skirt",
    tag: null,
    samples: 1,
    rows: [3],
    again: false,
    author: "",
    created_at: "",
  };
  it("names what was done to which labels", () => {
    expect(change(what)).toBe("shirt → skirt");
    expect(nameOf({ ...what, samples: 12, before: ["shirt", "hat"], others: true })).toBe(
      "12 samples: shirt, hat, … → skirt",
    );
    expect(nameOf({ ...what, action: "remove", label: null })).toBe("removed shirt");
    expect(nameOf({ ...what, action: "tag", label: null, tag: "odd" })).toBe("shirt, tagged odd");
  });
  it("says why something was left alone, and what an undo left out", () => {
    const conflict = { id: "1", expected: "cat", found: "dog", reason: "relabeled" };
    const one = { ...reply, applied: 0, conflict_count: 1, conflicts: [conflict] };
    const text = summary({ action: "confirm", rows: 1, reply: one, problem: null });
    expect(text).toContain("Nothing was changed. 1 sample was left alone: expected cat, found dog");
    const two = {
      ...one,
      conflict_count: 3,
      conflicts: [conflict, conflict, { ...conflict, reason: "deleted" }],
    };
    expect(summary({ action: "confirm", rows: 3, reply: two, problem: null })).toContain(
      "2 × somebody gave it another label meanwhile; 1 × it is no longer in the dataset",
    );
    const back = { ...reply, action: "undo", applied: 1, left_out: { weather: 1 } };
    expect(summary({ action: "undo", rows: 0, reply: back, problem: null })).toContain(
      "Came back without “weather”",
    );
    const again = { ...reply, action: "undo", what: { ...what, again: true } };
    expect(summary({ action: "undo", rows: 0, reply: again, problem: null })).toBe(
      "Redone for 2 samples.",
    );
  });
  it("is said with numbers", () => {
    expect(summary({ action: "relabel", rows: 2, reply, problem: null })).toBe(
      "Relabelled 2 samples.",
    );
    expect(
      summary({ action: "remove", rows: 3, reply: { ...reply, conflict_count: 1 }, problem: null }),
    ).toBe("Removed 2 samples. 1 sample was left alone.");
  });
  it("is that of the latest action, unless an earlier one failed", () => {
    const done = (turn: number) => ({ action: "remove", rows: 1, reply, problem: null, turn });
    expect(lastOutcome(null, done(1)).turn).toBe(1);
    expect(lastOutcome(done(1), done(2)).turn).toBe(2);
    expect(lastOutcome(done(2), done(1)).turn).toBe(2);
    const kept = { ...done(1), reply: { ...reply, conflict_count: 1 } };
    expect(lastOutcome(done(2), kept)).toBe(kept);
    const problem = { kind: "input" as const, message: "no", detail: "" };
    expect(lastOutcome(done(2), { ...done(1), reply: null, problem }).problem).toBe(problem);
  });
  it("explains a conflict", () => {
    const text = explain({ id: "1", expected: "cat", found: "dog", reason: "relabeled" });
    expect(text).toContain("expected cat, found dog");
  });
});

describe("shortcuts", () => {
  const key = (name: string, more: object = {}) =>
    ({
      key: name,
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      target: null,
      ...more,
    }) as KeyboardEvent;
  it("fire plainly, never with Control, Alt or Command", () => {
    const c = vi.fn();
    expect(handlerFor(key("c"), { c })).toBe(c);
    expect(handlerFor(key("C"), { c })).toBe(c);
    expect(handlerFor(key("c", { ctrlKey: true }), { c })).toBeUndefined();
    expect(handlerFor(key("c", { metaKey: true }), { c })).toBeUndefined();
    expect(handlerFor(key("d"), { c })).toBeUndefined();
  });
  it("are left to whoever types", () => {
    const c = vi.fn();
    const input = document.createElement("input");
    const option = document.createElement("li");
    const list = document.createElement("ul");
    list.setAttribute("role", "listbox");
    list.append(option);
    for (const target of [input, document.createElement("textarea"), option]) {
      expect(handlerFor(key("c", { target }), { c })).toBeUndefined();
    }
    expect(handlerFor(key("c", { target: document.createElement("button") }), { c })).toBe(c);
  });
  it("are taken from a list that was chosen from and is closed, but for those that open it", () => {
    const act = vi.fn();
    const target = document.createElement("div");
    target.setAttribute("role", "combobox");
    target.setAttribute("aria-expanded", "false");
    expect(handlerFor(key("n", { target }), { n: act })).toBe(act);
    for (const name of ["Enter", " ", "ArrowDown", "ArrowRight"]) {
      expect(handlerFor(key(name, { target }), { [name]: act })).toBeUndefined();
    }
    target.setAttribute("aria-expanded", "true");
    expect(handlerFor(key("n", { target }), { n: act })).toBeUndefined();
  });
  it("are taken by the innermost screen that knows them", () => {
    const [outer, inner] = [vi.fn(), vi.fn()];
    const layers = [{ handlers: { u: outer, q: outer } }, { handlers: { u: inner } }];
    expect(innermost(key("u"), layers)).toBe(inner);
    expect(innermost(key("q"), layers)).toBe(outer);
    expect(innermost(key("z"), layers)).toBeUndefined();
  });
});

describe("the session", () => {
  const overview = {
    rows: { label: [1, 0], open: [], wrong: [], errors: [], cells: [] },
    cells: new Map([
      [
        1,
        [
          { label: 1, prediction: 1 },
          { label: 1, prediction: 0 },
        ],
      ],
      [
        0,
        [
          { label: 0, prediction: 0 },
          { label: 0, prediction: 2 },
        ],
      ],
    ]),
  } as never;
  it("steps from misclassified cell to misclassified cell", () => {
    expect(nextCell(overview, 1, 0, 1)).toEqual({ label: 0, prediction: 2 });
    expect(nextCell(overview, 0, 2, 1)).toBeNull();
    expect(nextCell(overview, 9, 9, 1)).toEqual({ label: 1, prediction: 0 });
  });
  it("knows when FiftyOne shows less than everything", () => {
    expect(narrows("[[],{},null]")).toBe(false);
    expect(narrows('[[{"_cls":"Match"}],{},null]')).toBe(true);
    expect(narrows('[[],{"tags":{"values":["a"]}},null]')).toBe(true);
  });
  it("says what changed outside", () => {
    const none = { added: 0, deleted: 0, relabelled: 0, labels_added: 0, labels_deleted: 0 };
    expect(outdatedText({ ...none, labels_added: 1, labels_deleted: 3 })).toBe(
      "1 label added, 3 labels deleted",
    );
    expect(outdatedText({ ...none, added: 1, relabelled: 2 })).toBe(
      "1 sample added, 2 labels changed outside of this panel",
    );
    expect(outdatedText(none)).toBe("");
  });
});

describe("a page of a cell", () => {
  it("is read column by column", () => {
    const reply = {
      samples: {
        row: [3, 4],
        id: ["a", "b"],
        label: [],
        prediction: [],
        iies: [0.9, 0.7],
        suspicion: [2, 1],
        in_view: [true, false],
      },
    } as never;
    expect(samplesOf(reply)[1]).toEqual({
      row: 4,
      id: "b",
      iies: 0.7,
      suspicion: 1,
      inView: false,
    });
  });
});
