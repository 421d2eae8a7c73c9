// The ways to change a run, and what became of the last act.
import { executeOperator } from "@fiftyone/operators";
import * as React from "react";
import { drop } from "./acts/dropped";
import { type Answers, answered, NO_ANSWERS } from "./answers";
import { ask, asProblem } from "./ask";
import type {
  Action,
  GroupRequest,
  ObjectAction,
  Problem,
  ResolveObjectsRequest,
  ResolveReply,
  SettleRequest,
} from "./events";
import { lastOutcome } from "./parts/summary";

const SETTLED_KEPT = 50;

export interface Outcome {
  action: string;
  rows: number;
  reply: ResolveReply | null;
  problem: Problem | null;
  /** Counts what was asked for: answers to quick decisions may come in another order. */
  turn?: number;
}

/** Rows that a decision has settled, shown so before the cells are counted again. */
export interface Settled {
  revision: number;
  rows: readonly number[];
}

export interface Decisions {
  settled: readonly Settled[];
  /** What was answered here so far. */
  answers: Answers;
  busy: boolean;
  outcome: Outcome | null;
  dismiss: () => void;
  /** No rows: all that a check was drawn from, but for its exceptions. */
  resolve: (
    action: Action,
    rows: number[] | null,
    option?: { label?: string; tag?: string; check?: string },
  ) => Promise<boolean>;
  /** The same for objects. */
  resolveObjects: (
    action: ObjectAction,
    rows: number[],
    option?: Pick<ResolveObjectsRequest, "label" | "box" | "expected_label" | "expected_box">,
  ) => Promise<boolean>;
  /** Settles what two people differ on. */
  settle: (request: Omit<SettleRequest, "run" | "iteration">) => Promise<boolean>;
  decideGroup: (request: Omit<GroupRequest, "run" | "iteration">) => Promise<boolean>;
  /** What was taken back, null where nothing was. */
  undo: (decision?: string) => Promise<ResolveReply | null>;
  report: (action: string, problem: Problem) => void;
}

let reload = 0;

/** Longer than who decides at speed takes for the next one: each reload costs half a second of work. */
const FLURRY_MS = 1500;

/** Has FiftyOne's own grid show what changed, once a flurry of decisions is over. */
function reloadGridSoon() {
  window.clearTimeout(reload);
  reload = window.setTimeout(
    () => void executeOperator("@voxel51/operators/reload_samples").catch(() => {}),
    FLURRY_MS,
  );
}

interface Options {
  key: { run: string; iteration: number };
  /** The newest revision that is on screen: what is decided next rests on it. */
  seen: React.MutableRefObject<number>;
  /** Counts the cells again. */
  refresh: React.MutableRefObject<() => Promise<void>>;
}

export function useDecisions({ key, seen, refresh }: Options): Decisions {
  const [busy, setBusy] = React.useState(false);
  const [outcome, setOutcome] = React.useState<Outcome | null>(null);
  const [settled, setSettled] = React.useState<readonly Settled[]>([]);
  const undoing = React.useRef(false);
  const [answers, setAnswers] = React.useState(NO_ANSWERS);
  const underWay = React.useRef(new Set<Promise<unknown>>());
  const turns = React.useRef(0);
  const act = React.useCallback(
    async (
      action: string,
      rows: number,
      work: () => Promise<ResolveReply>,
      decided: readonly number[] = [],
    ) => {
      setBusy(true);
      const turn = ++turns.current;
      const working = work();
      underWay.current.add(working);
      try {
        const reply = await working;
        seen.current = Math.max(seen.current, reply.revision);
        // Before anything brings them in front again.
        setAnswers((old) => answered(old, [...decided, ...(reply.what?.rows ?? [])]));
        setOutcome((shown) => lastOutcome(shown, { action, rows, reply, problem: null, turn }));
        if (reply.revision) {
          const all = reply.applied === decided.length;
          const last = { revision: reply.revision, rows: all ? decided : [] };
          setSettled((old) => [...old.slice(-SETTLED_KEPT), last]);
        }
        try {
          await refresh.current();
        } finally {
          // Not before the caller takes what was decided on out of the selection: FiftyOne's reload
          // brings back what was selected when it began.
          if (reply.applied) reloadGridSoon();
        }
        return reply.applied > 0 ? reply : null;
      } catch (error) {
        setOutcome({ action, rows, reply: null, problem: asProblem(error), turn });
        return null;
      } finally {
        underWay.current.delete(working);
        setBusy(underWay.current.size > 0);
      }
    },
    [seen, refresh],
  );
  const resolve = React.useCallback<Decisions["resolve"]>(
    async (action, rows, option) => {
      const request = () => ask("resolve", { ...key, action, rows, ...option, seen: seen.current });
      const decided = action === "tag" || !rows ? [] : rows;
      return (await act(action, rows?.length ?? 1, request, decided)) !== null;
    },
    [act, key, seen],
  );
  const resolveObjects = React.useCallback<Decisions["resolveObjects"]>(
    async (action, rows, option) => {
      const request = { ...key, action, rows, ...option };
      const work = () => ask("resolve_objects", { ...request, seen: seen.current });
      return (await act(action, rows.length, work, rows)) !== null;
    },
    [act, key, seen],
  );
  const decideGroup = React.useCallback<Decisions["decideGroup"]>(
    async (request) => {
      const work = () => ask("resolve_group", { ...key, ...request });
      return (await act(request.action, request.rows.length, work)) !== null;
    },
    [act, key],
  );
  const settle = React.useCallback<Decisions["settle"]>(
    async (request) => {
      const work = () => ask("settle", { ...key, ...request });
      return (await act("settle", 1, work)) !== null;
    },
    [act, key],
  );
  const undo = React.useCallback<Decisions["undo"]>(
    async (decision) => {
      if (undoing.current) {
        drop("busy");
        return null;
      }
      undoing.current = true;
      try {
        // The last decision may be one that is still on its way.
        await Promise.allSettled(underWay.current);
        return await act("undo", 0, () => ask("undo", { ...key, decision: decision ?? null }));
      } finally {
        undoing.current = false;
      }
    },
    [act, key],
  );
  const dismiss = React.useCallback(() => setOutcome(null), []);
  const report = React.useCallback(
    (action: string, problem: Problem) => setOutcome({ action, rows: 0, reply: null, problem }),
    [],
  );
  return React.useMemo(
    () => ({
      settled,
      answers,
      busy,
      outcome,
      dismiss,
      resolve,
      resolveObjects,
      settle,
      decideGroup,
      undo,
      report,
    }),
    [
      settled,
      answers,
      busy,
      outcome,
      dismiss,
      resolve,
      resolveObjects,
      settle,
      decideGroup,
      undo,
      report,
    ],
  );
}
