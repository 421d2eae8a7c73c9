// @vitest-environment happy-dom
import * as React from "react";
import { createRoot, type Root } from "react-dom/client";
import { act } from "react-dom/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Consensus } from "../src/annotators/Consensus";
import { ask } from "../src/ask";
import type { AuditInfo, Disagreement, OpinionInfo } from "../src/events";
import { agreementText } from "../src/opinions/Opinions";
import { SettleScreen } from "../src/opinions/SettleScreen";
import { asAudit, useOpinionWays, useOutlineOpinionWays } from "../src/opinions/ways";
import type { OutlineVerdict } from "../src/progress/outlines";
import type { Ways } from "../src/progress/useAuditItems";
import { useJudging } from "../src/progress/useJudging";
import { type Session, SessionContext } from "../src/session";

vi.mock("../src/ask", async (original) => ({ ...(await original<object>()), ask: vi.fn() }));
// Draws nothing and reads nothing: what is accepted is one button.
vi.mock("../src/parts/CheckDialog", () => ({
  CheckDialog: ({ onDecide }: { onDecide: (read: { check: string }) => void }) =>
    React.createElement(
      "button",
      { type: "button", onClick: () => onDecide({ check: "c" }) },
      "OK",
    ),
}));
vi.mock("../src/parts/Recent", () => ({ Recent: () => null }));
vi.mock("../src/parts/Outcome", () => ({ Outcome: () => null }));

const asked = vi.mocked(ask) as unknown as ReturnType<typeof vi.fn>;

const INFO: OpinionInfo = {
  id: "o",
  number: 3,
  to: "bob",
  about: "decisions of ada",
  asked_by: "ada",
  asked_at: "2026-01-02T03:04:05",
  size: 8,
  judged: 5,
  waiting: 2,
  unclear: 1,
  gone: 1,
  compared: 4,
  agreed: 3,
  kappa: 0.5,
  low: -0.25,
  high: 0.9,
  disagreements: 1,
  to_settle: 1,
};

let root: Root;
let shown: HTMLElement;
let session: Record<string, unknown>;

const show = (element: React.ReactElement) =>
  act(async () =>
    root.render(
      React.createElement(
        SessionContext.Provider,
        { value: session as unknown as Session },
        element,
      ),
    ),
  );

const press = (name: string) =>
  act(async () => {
    const found = [...shown.querySelectorAll("button")].find((one) => one.textContent === name);
    if (!found) throw new Error(`no button ${name}: ${shown.textContent}`);
    found.click();
  });

function Hook({ use }: { use: () => void }) {
  use();
  return null;
}

/** What a hook gives, and how to have it again. */
async function hooked<T>(use: () => T): Promise<() => T> {
  let now: T | undefined;
  await show(
    React.createElement(Hook, {
      use: () => {
        now = use();
      },
    }),
  );
  return () => now as T;
}

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  shown = document.body.appendChild(document.createElement("div"));
  root = createRoot(shown);
  session = {
    key: { run: "deconfuse", iteration: 1 },
    iteration: { objects: true, tags: false },
    classes: ["ant", "bee", "cat"],
    revision: 1,
    overview: { revision: 1 },
    busy: false,
    report: vi.fn(),
    refresh: vi.fn(async () => {}),
  };
});
afterEach(async () => {
  await act(async () => root.unmount());
  shown.remove();
  asked.mockReset();
  vi.unstubAllGlobals();
});

describe("how far two people agree", () => {
  it("is said with its interval, and not where nothing is known", () => {
    expect(agreementText(INFO)).toBe("kappa 0.50 (−0.25 to 0.90), 3 of 4 alike");
    expect(agreementText({ ...INFO, compared: 0, agreed: 0, kappa: null })).toBe(
      "nothing to compare yet",
    );
    expect(agreementText({ ...INFO, agreed: 0, kappa: -0.5, low: -1 })).toBe(
      "kappa −0.50 (−1.00 to 0.90), 0 of 4 alike",
    );
    expect(agreementText({ ...INFO, kappa: null })).toBe(
      "3 of 4 alike; of one class alone kappa says nothing",
    );
  });
});

describe("a request that is judged as an audit is", () => {
  it("tells neither who asked about whom nor what was agreed on", () => {
    expect(asAudit(INFO)).toMatchObject({ size: 8, judged: 5, waiting: 2, state: "open" });
    expect(asAudit({ ...INFO, waiting: 0 }).state).toBe("done");
    expect(asAudit(INFO)).toMatchObject({ right: 0, wrong: 0 });
    expect(JSON.stringify(asAudit(INFO))).not.toContain("decisions of");
  });

  it("keeps what can be taken back by its place, but not of what is gone", async () => {
    const ways = (await hooked(() => useOpinionWays<{ label: string }>("o")))();
    asked.mockResolvedValueOnce({ decision: null, gone: false, waiting: 1 });
    expect(await ways.give(0, { label: "ant" })).toMatchObject({ decision: "0", waiting: 1 });
    const about = { run: "deconfuse", opinion: "o", place: 0 };
    expect(asked).toHaveBeenLastCalledWith("opinion_answer", { ...about, label: "ant" });
    asked.mockResolvedValueOnce({ decision: null, gone: true, waiting: 1 });
    expect(await ways.give(4, { label: "ant" })).toMatchObject({ decision: null, gone: true });
    asked.mockResolvedValueOnce({ done: true });
    await ways.takeBack({ decision: "0", place: 0 });
    expect(asked).toHaveBeenLastCalledWith("opinion_take_back", about);
  });

  it("says of an outline a class, nothing, or that nobody can tell", async () => {
    const ways = (await hooked(() => useOutlineOpinionWays("o")))();
    const said = async (verdict: OutlineVerdict) => {
      asked.mockResolvedValueOnce({ decision: null, gone: false, waiting: 0 });
      await ways.give(2, verdict);
      const { run, opinion, place, ...answer } = asked.mock.lastCall?.[1] ?? {};
      expect([run, opinion, place]).toEqual(["deconfuse", "o", 2]);
      return answer;
    };
    expect(await said({ label: "bee" })).toEqual({ label: "bee" });
    expect(await said({ label: null })).toEqual({ nothing: true });
    expect(await said({ unclear: true, whole: false })).toEqual({ unclear: true });
  });
});

describe("judging in turn", () => {
  const info: AuditInfo = asAudit(INFO);
  it("judges what has been drawn, and once", async () => {
    const item = (place: number) => ({ place });
    const give = vi.fn(async () => ({ decision: "d", gone: false, waiting: 1 }));
    const ways: Ways<{ place: number }, string> = {
      fetch: async () => ({
        items: [item(4), item(6)],
        audit: "o",
        state: "open",
        skipped: [],
        judged: 0,
        waiting: 2,
      }),
      give,
      takeBack: vi.fn(async () => {}),
    };
    const clock = vi.spyOn(performance, "now");
    clock.mockReturnValue(1_000);
    const now = await hooked(() => useJudging<{ place: number }, string>(info, ways));
    expect(now().item?.place).toBe(4);
    await act(async () => now().judge("a"));
    expect(give).not.toHaveBeenCalled(); // its picture is not there yet
    await act(async () => now().onShown());
    expect(now().shown).toBe(true);
    clock.mockReturnValue(2_000);
    await act(async () => {
      now().judge("a");
      now().judge("b");
    });
    expect(give.mock.calls).toEqual([[4, "a"]]);
    expect(now().item?.place).toBe(6);
    clock.mockReturnValue(4_000);
    await act(async () => now().skip());
    expect(now().item?.place).toBe(6); // nor is that of the next one
    // What was done is taken back whatever is on screen.
    await act(async () => now().takeBack());
    expect(ways.takeBack).toHaveBeenCalledWith({ decision: "d", place: 4 });
    clock.mockRestore();
  });
});

describe("a disagreement", () => {
  const one: Disagreement = {
    place: 5,
    first: "ant",
    second: "bee",
    now: "cat",
    relabelled: true,
    settled: false,
    image: "",
    width: 1,
    height: 1,
    problem: "",
  };
  const open = async (found: Partial<Disagreement>) => {
    session.settle = vi.fn(async () => true);
    asked.mockResolvedValue({
      total: 1,
      to_settle: 1,
      disagreements: [{ ...one, ...found }],
    });
    await show(React.createElement(SettleScreen, { info: INFO, onBack: () => {} }));
    const offered = [...shown.querySelectorAll(".dcf-settle-text button")];
    return offered.map((button) => button.textContent);
  };

  it("is settled against the label that was shown", async () => {
    expect(await open({})).toEqual(["ant", "bee", "cat", "(nothing there)", "Other…"]);
    await press("bee");
    const asked = { opinion: "o", place: 5, label: "bee", expected: "cat" };
    expect(session.settle).toHaveBeenLastCalledWith(asked);
    await press("(nothing there)");
    expect(session.settle).toHaveBeenLastCalledWith({ ...asked, label: "" });
  });

  it("has nothing to choose once it is settled", async () => {
    expect(await open({ settled: true })).toEqual([]);
    expect(shown.textContent).toContain("Settled: cat");
  });

  it("has nothing to choose once it is deleted", async () => {
    expect(await open({ now: null, relabelled: false })).toEqual([]);
    expect(shown.textContent).toContain("Deleted meanwhile");
  });
});

describe("what people agree on", () => {
  it("is taken back decision by decision, and the rest stays where one is not", async () => {
    const accepted = {
      decisions: ["d3", "d2", "d1"],
      applied: 6,
      acts: [1, 2, 3],
      conflict_count: 2,
    };
    asked.mockImplementation(async (name: string) =>
      name === "consensus_accept"
        ? accepted
        : { voted: true, samples: 6, expected_wrong: 0.5, changes: [], kinds: 0, acts: [1, 2, 3] },
    );
    const undo = vi.fn(async (decision: string) => (decision === "d2" ? null : { decision }));
    session.undo = undo;
    await show(React.createElement(Consensus));
    await press("Check some, then accept");
    await press("OK");
    const done = () => shown.querySelector('[data-testid="consensus-done"]')?.textContent;
    expect(done()).toContain("6 objects changed: 1 relabelled, 2 removed, 3 added");
    expect(done()).toContain("2 were left alone");
    await press("Undo all");
    expect(undo.mock.calls).toEqual([["d3"], ["d2"]]);
    expect(done()).toContain("Undo all");
    // Again goes on where it came to a stop.
    undo.mockImplementation(async (decision: string) => ({ decision }));
    await press("Undo all");
    expect(undo.mock.calls.slice(2)).toEqual([["d2"], ["d1"]]);
    expect(done()).toBeUndefined();
  });
});
