// @vitest-environment happy-dom
import * as React from "react";
import { createRoot, type Root } from "react-dom/client";
import { act } from "react-dom/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AuditInfo, AuditItem } from "../src/events";
import { JudgeTags, type TagVerdict } from "../src/opinions/JudgeTags";
import type { Ways } from "../src/progress/useAuditItems";
import { type Session, SessionContext } from "../src/session";

// The picture is there at once.
vi.mock("../src/progress/AuditPicture", async () => {
  const { useEffect } = await import("react");
  return {
    AuditPicture: ({ onShown }: { onShown: () => void }) => {
      useEffect(onShown, []);
      return null;
    },
  };
});
vi.mock("../src/parts/Outcome", () => ({ BlindOutcome: () => null, Outcome: () => null }));

const INFO = { id: "o", number: 1, size: 4, judged: 0, waiting: 4, state: "open" } as AuditInfo;
const WORDS = { region: "Second opinion", title: "", waiting: "", done: "", leave: "" };

let root: Root;
let shown: HTMLElement;
let given: [number, TagVerdict][];
let left: number;

const at = (ms: number) => vi.spyOn(performance, "now").mockReturnValue(ms);
const question = () => shown.querySelector('[data-testid="asked"]')?.textContent;
const click = (name: string) =>
  act(async () => {
    const found = [...shown.querySelectorAll("button")].find((one) =>
      one.textContent?.startsWith(name),
    );
    if (!found) throw new Error(`no button ${name}: ${shown.textContent}`);
    found.click();
  });

beforeEach(async () => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  shown = document.body.appendChild(document.createElement("div"));
  root = createRoot(shown);
  given = [];
  left = 0;
  const item = (place: number, tag: number): AuditItem => ({
    place,
    classes: [tag],
    image: "",
    width: 1,
    height: 1,
    problem: "",
  });
  const items = [item(3, 1), item(5, 0), item(6, 1), item(8, 0)];
  const ways: Ways<AuditItem, TagVerdict> = {
    fetch: async ({ skip }) => {
      const waiting = items.filter(({ place }) => !given.some(([done]) => done === place));
      return {
        items: waiting.filter(({ place }) => !skip.includes(place)),
        audit: "o",
        state: "open",
        skipped: [],
        judged: given.length,
        waiting: waiting.length,
      };
    },
    give: async (place, verdict) => {
      given.push([place, verdict]);
      return { decision: String(place), gone: false, waiting: 4 - given.length };
    },
    takeBack: async () => given.pop(),
  };
  const session = {
    key: { run: "deconfuse", iteration: 1 },
    iteration: { objects: true, tags: true },
    classes: ["cat", "dog"],
    overview: { revision: 1 },
    report: vi.fn(),
  };
  at(1_000);
  const screen = React.createElement(JudgeTags, {
    info: INFO,
    ways,
    words: WORDS,
    original: async () => ({ image: "", problem: "" }),
    note: "blind",
    onLeave: () => {
      left += 1;
    },
  });
  const value = session as unknown as Session;
  await act(async () =>
    root.render(React.createElement(SessionContext.Provider, { value }, screen)),
  );
});
afterEach(async () => {
  await act(async () => root.unmount());
  shown.remove();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("each tag is asked about by its name, and judged by what it says", async () => {
  expect(question()).toBe("Does “dog” apply to this image?");
  at(2_000);
  await click("dog");
  expect(question()).toBe("Does “cat” apply to this image?");
  at(4_000);
  await click("Does not apply");
  at(6_000);
  await click("Cannot tell");
  expect(given).toEqual([
    [3, { label: "dog" }],
    [5, { nothing: true }],
    [6, { unclear: true }],
  ]);
  expect(question()).toBe("Does “cat” apply to this image?");
  at(8_000);
  await click("Undo");
  expect(given.map(([place]) => place)).toEqual([3, 5]);
  expect(question()).toBe("Does “dog” apply to this image?"); // the same one once more
  at(10_000);
  await click("Skip");
  expect(given).toHaveLength(2);
  expect(question()).toBe("Does “cat” apply to this image?");
  expect(left).toBe(0);
});

test("who presses before the next picture is looked at judges nothing", async () => {
  at(2_000);
  await click("dog");
  at(2_050); // the next one has just come
  await click("Does not apply");
  expect(given).toEqual([[3, { label: "dog" }]]);
});
