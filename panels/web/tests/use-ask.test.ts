// @vitest-environment happy-dom
import * as React from "react";
import { createRoot, type Root } from "react-dom/client";
import { act } from "react-dom/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProblemError } from "../src/ask";
import { type Answer, useAnswer } from "../src/useAsk";

interface Call {
  asked: string | null;
  last: string | null;
  signal: AbortSignal;
  answer: (text: string) => Promise<void>;
  fail: (error: unknown) => Promise<void>;
}

let root: Root;
let calls: Call[];
let now: Answer<string>;

function Asking({ asked, after }: { asked: string | null; after?: number }) {
  const options = after === undefined ? {} : { after };
  now = useAnswer<string>(
    asked,
    (last, signal) =>
      new Promise((resolve, reject) => {
        const settled = (settle: () => void) => act(async () => settle());
        calls.push({
          asked,
          last,
          signal,
          answer: (text) => settled(() => resolve(text)),
          fail: (error) => settled(() => reject(error)),
        });
      }),
    options,
  );
  return null;
}

const show = (asked: string | null, after?: number) =>
  act(async () =>
    root.render(React.createElement(Asking, after === undefined ? { asked } : { asked, after })),
  );
const call = (at: number) => calls[at] as Call;

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  calls = [];
  root = createRoot(document.createElement("div"));
});
afterEach(async () => {
  await act(async () => root.unmount());
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("asks once for the same, and anew for another", async () => {
  await show("a");
  await show("a");
  expect(calls.map((one) => one.asked)).toEqual(["a"]);
  await call(0).answer("A");
  expect(now.reply).toBe("A");
  await show("b");
  expect(now.reply).toBe("A");
  expect(call(1)).toMatchObject({ asked: "b", last: "A" });
  await call(1).answer("B");
  expect(now.reply).toBe("B");
});

test("drops an answer and an error that come after the next question", async () => {
  await show("a");
  await show("b");
  await show("c");
  expect(call(0).signal.aborted).toBe(true);
  expect(call(2).signal.aborted).toBe(false);
  await call(2).answer("C");
  await call(0).answer("A");
  await call(1).fail(new Error("late"));
  expect(now).toMatchObject({ reply: "C", problem: null });
});

test("keeps the last answer beside a problem, and asks again on retry", async () => {
  await show("a");
  await call(0).answer("A");
  await show("b");
  const problem = { kind: "input" as const, message: "no such run", detail: "" };
  await call(1).fail(new ProblemError(problem));
  expect(now).toMatchObject({ reply: "A", problem });
  await act(async () => now.retry());
  expect(calls).toHaveLength(3);
  await call(2).answer("B");
  expect(now).toMatchObject({ reply: "B", problem: null });
});

test("asks nothing while there is nothing to ask", async () => {
  await show(null);
  expect(calls).toEqual([]);
  expect(now).toMatchObject({ reply: null, problem: null });
});

test("lets a flurry of changes ask once", async () => {
  vi.useFakeTimers();
  await show("a", 500);
  await act(async () => vi.advanceTimersByTime(400));
  await show("b", 500);
  await act(async () => vi.advanceTimersByTime(499));
  expect(calls).toEqual([]);
  await act(async () => vi.advanceTimersByTime(1));
  expect(calls.map((one) => one.asked)).toEqual(["b"]);
});
