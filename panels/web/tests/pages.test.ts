// @vitest-environment happy-dom
import { describe, expect, it, test } from "vitest";

import { type Judged, pageOf, shares, startOf } from "../src/review/page";
import { handlerFor } from "../src/shortcuts";

const NOTHING = { key: "", rows: [] };

describe("a page", () => {
  const list = [10, 11, 12, 13, 14, 15, 16];
  it("is as many as fit, the last one what is left", () => {
    expect(pageOf(list, 0, 3, NOTHING, "a")).toEqual([10, 11, 12]);
    expect(pageOf(list, 6, 3, NOTHING, "a")).toEqual([16]);
    expect(pageOf([], 0, 3, NOTHING, "a")).toEqual([]);
  });
  it("stands still while it is looked at, but for what others decide", () => {
    const held = { key: "a", rows: [10, 11, 12] };
    expect(pageOf([10, 12, 13, 14], 0, 3, held, "a")).toEqual([10, 12]);
    expect(pageOf([9, ...list], 0, 3, held, "a")).toEqual([10, 11, 12]);
    expect(pageOf([9, ...list], 0, 3, held, "b")).toEqual([9, 10, 11]);
    expect(pageOf([13, 14], 0, 3, held, "a")).toEqual([13, 14]);
    expect(pageOf(list, 0, 2, held, "a")).toEqual([10, 11]);
    expect(pageOf(list, 0, 5, held, "a")).toEqual([10, 11, 12]);
  });
  it("is the last one where the list ends before", () => {
    expect(startOf(7, 9, 3)).toBe(6);
    expect(startOf(6, 6, 3)).toBe(3);
    expect(startOf(0, 6, 3)).toBe(0);
    expect(pageOf(list, 9, 3, NOTHING, "a")).toEqual([16]);
  });
});

test("each sample of a page has one share, whatever is marked or unseen", () => {
  const page: Judged[] = Array.from({ length: 12 }, (_, row) => ({
    row,
    label: row % 3,
    prediction: row % 2,
  }));
  for (let turn = 0; turn < 64; turn++) {
    const excepted = new Set(
      page.filter(({ row }) => (turn * 7 + row) % 4 === 0).map((p) => p.row),
    );
    const unseen = new Set(page.filter(({ row }) => (turn + row) % 5 === 0).map((p) => p.row));
    for (const others of ["open", "other"] as const) {
      const { rest, given, open } = shares(page, excepted, unseen, others);
      expect([...rest, ...given, ...open].toSorted((a, b) => a - b)).toEqual(
        page.map(({ row }) => row),
      );
      for (const row of [...rest, ...given]) expect(unseen.has(row)).toBe(false);
      for (const row of rest) expect(excepted.has(row)).toBe(false);
      for (const row of given) {
        expect(excepted.has(row) && others === "other").toBe(true);
        expect(page[row]?.label).not.toBe(page[row]?.prediction);
      }
    }
  }
});

test("Enter is about the page, unless a button has the focus", () => {
  document.body.innerHTML = `
    <div class="dcf-pagegrid"><button class="dcf-tile"></button></div>
    <button id="other"><b></b></button><section tabindex="0"></section>`;
  const act = () => {};
  const on = (selector: string, key = "Enter") => {
    let found: unknown;
    const target = document.querySelector(selector) as HTMLElement;
    const listen = (event: KeyboardEvent) => {
      found = handlerFor(event, { Enter: act, c: act });
    };
    window.addEventListener("keydown", listen, true);
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    window.removeEventListener("keydown", listen, true);
    return found;
  };
  for (const selector of ["body", "section", ".dcf-tile"]) expect(on(selector)).toBe(act);
  for (const selector of ["#other", "#other b"]) expect(on(selector)).toBeUndefined();
  expect(on("#other", "c")).toBe(act);
});
