// What all screens share: the run, its classes, the overview as it stands, and the ways to change it.
import * as fos from "@fiftyone/state";
import * as React from "react";
import { useRecoilValue } from "recoil";
import type { Given } from "./annotators/given";
import { ask, asProblem } from "./ask";
import type {
  IterationInfo,
  Order,
  OutdatedReply,
  OverviewReply,
  Problem,
  RunInfo,
  WorkedOut,
} from "./events";
import { oneOf, useKept } from "./kept";
import { byLabel, type Cell } from "./overview/cells";
import { useAsk } from "./useAsk";
import { narrows } from "./useCurrentView";
import { type Decisions, useDecisions } from "./useDecisions";

export interface Overview extends Omit<OverviewReply, "cells" | "classes"> {
  cells: Map<number, Cell[]>;
}

export type Key = { run: string; iteration: number } & Partial<Given>;

export interface Session extends Decisions {
  run: RunInfo;
  iteration: IterationInfo;
  /** What every question is about: the filter by votes is part of it. */
  key: Key;
  given: Given | null;
  setGiven: (given: Given | null) => void;
  classes: string[];
  overview: Overview;
  /** Grows with the revision that is shown, and when somebody may have edited in FiftyOne. */
  stamp: number;
  /** The newest revision known of, which the overview may still be on its way to. */
  revision: number;
  workedOut: WorkedOut;
  order: Order;
  setOrder: (order: Order) => void;
  inView: number[] | null;
  outdated: OutdatedReply | null;
  wantCells: (labels: number[]) => void;
  refresh: () => Promise<void>;
  step: (
    label: number,
    prediction: number,
    by: 1 | -1,
  ) => { label: number; prediction: number } | null;
}

/** The misclassified cell after or before one, reading the overview from left to right. */
export function nextCell(
  overview: Overview,
  label: number,
  prediction: number,
  by: 1 | -1,
): { label: number; prediction: number } | null {
  const cells = overview.rows.label.flatMap((row) =>
    (overview.cells.get(row) ?? []).filter((cell) => cell.label !== cell.prediction),
  );
  const at = cells.findIndex((cell) => cell.label === label && cell.prediction === prediction);
  const next = at < 0 ? cells[0] : cells[at + by];
  return next ? { label: next.label, prediction: next.prediction } : null;
}

export const SessionContext = React.createContext<Session | null>(null);

export function useSession(): Session {
  const session = React.useContext(SessionContext);
  if (!session) throw new Error("no session");
  return session;
}

interface Loaded {
  classes: string[];
  overview: Overview;
}

interface Options {
  run: RunInfo;
  iteration: IterationInfo;
  given: Given | null;
  setGiven: (given: Given | null) => void;
  /** FiftyOne's view, filters and extended stages, as JSON. */
  view: string;
  /** The newest revision known of, from whoever decided. */
  revision: number | null;
  workedOut: WorkedOut;
}

const PAGE = 100;

/** How often a text was another one than before. */
function useCount(text: string): number {
  const last = React.useRef({ text, count: 0 });
  if (last.current.text !== text) last.current = { text, count: last.current.count + 1 };
  return last.current.count;
}

/** What FiftyOne's annotation has still to write when it is closed is there after so many ms. */
const WRITTEN_MS = 1500;

/** How often FiftyOne's enlarged sample was opened or closed, in which labels can be edited. */
function useEdits(): number {
  const open = useRecoilValue(fos.isModalActive);
  const [closed, setClosed] = React.useState(0);
  React.useEffect(() => {
    if (!open) return;
    return () => {
      window.setTimeout(() => setClosed((old) => old + 1), WRITTEN_MS);
    };
  }, [open]);
  return useCount(`${open}/${closed}`);
}

/** Loads an iteration and keeps it in step with the journal and with FiftyOne's view. */
export function useLoadedSession(options: Options) {
  const { run, iteration, given, setGiven, view, revision, workedOut: latest } = options;
  const text = JSON.stringify(latest);
  const workedOut = React.useMemo<WorkedOut>(() => JSON.parse(text), [text]);
  const filter = JSON.stringify(given);
  const key = React.useMemo<Key>(
    () => ({ run: run.key, iteration: iteration.number, ...JSON.parse(filter) }),
    [run.key, iteration.number, filter],
  );
  const latestKey = React.useRef(key);
  latestKey.current = key;
  const [loaded, setLoaded] = React.useState<Loaded | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [order, setOrder] = useKept<Order>("overview/order", "count", oneOf("count", "errors"));
  const visible = React.useRef<number[]>([]);
  const asked = React.useRef(0);
  const known = React.useRef<Loaded | null>(null);
  /** The newest revision that is on screen: what is decided next rests on it. */
  const seen = React.useRef(0);

  const refresh = React.useCallback(async () => {
    const turn = ++asked.current;
    try {
      const reply = await ask("overview", {
        ...key,
        order,
        labels: visible.current.slice(0, PAGE),
        with_classes: known.current === null,
      });
      if (turn !== asked.current) return;
      const { cells, classes, ...rest } = reply;
      const next = {
        classes: classes ?? known.current?.classes ?? [],
        // Rows that were not sent again are shown as they were until they are asked for.
        overview: { ...rest, cells: byLabel(cells) },
      };
      known.current = next;
      seen.current = Math.max(seen.current, rest.revision);
      setLoaded(next);
      setProblem(null);
    } catch (error) {
      if (turn === asked.current) setProblem(asProblem(error));
    }
  }, [key, order]);

  React.useEffect(() => {
    void refresh();
  }, [refresh]);

  const shown = loaded?.overview.revision;
  const narrowed = shown !== undefined && narrows(view);
  const members = useAsk("in_view", narrowed ? key : null, [view, shown]);
  const inView = narrowed && !members.problem ? (members.reply?.open ?? null) : null;
  const edits = useEdits();
  const stamp = useCount(`${shown}/${edits}`);
  const changes = useAsk("outdated", key, [edits]);
  const outdated = changes.problem ? null : changes.reply;

  const refreshRef = React.useRef(refresh);
  refreshRef.current = refresh;
  React.useEffect(() => {
    const now = known.current?.overview.revision;
    if (revision !== null && now !== undefined && revision > now) void refreshRef.current();
  }, [revision]);

  // Cells are marked where they hold near-duplicates.
  const compared = React.useRef(workedOut.duplicates);
  React.useEffect(() => {
    if (compared.current === workedOut.duplicates) return;
    compared.current = workedOut.duplicates;
    void refreshRef.current();
  }, [workedOut.duplicates]);

  const pending = React.useRef(new Set<number>());
  const wantCells = React.useCallback(
    (labels: number[]) => {
      visible.current = labels;
      const now = known.current;
      if (!now) return;
      const missing = labels.filter((l) => !now.overview.cells.has(l) && !pending.current.has(l));
      if (!missing.length) return;
      for (const label of missing) pending.current.add(label);
      ask("cells", { ...key, labels: missing })
        .then((reply) => {
          const base = known.current;
          if (!base || reply.revision !== base.overview.revision) return;
          if (latestKey.current !== key) return;
          const cells = new Map(base.overview.cells);
          for (const label of missing) cells.set(label, []);
          for (const [label, group] of byLabel(reply.cells)) cells.set(label, group);
          known.current = { ...base, overview: { ...base.overview, cells } };
          setLoaded(known.current);
        })
        .catch((error) => setProblem(asProblem(error)))
        .finally(() => {
          for (const label of missing) pending.current.delete(label);
        });
    },
    [key],
  );

  const decisions = useDecisions({ key, seen, refresh: refreshRef });
  const { settled } = decisions;
  const step = React.useCallback<Session["step"]>((label, prediction, by) => {
    const now = known.current?.overview;
    return now ? nextCell(now, label, prediction, by) : null;
  }, []);

  const session = React.useMemo<Session | null>(
    () =>
      loaded && {
        run,
        iteration,
        key,
        given,
        setGiven,
        classes: loaded.classes,
        overview: loaded.overview,
        revision: Math.max(loaded.overview.revision, settled.at(-1)?.revision ?? 0),
        stamp,
        workedOut,
        order,
        setOrder,
        inView,
        outdated,
        wantCells,
        refresh,
        step,
        ...decisions,
      },
    [
      loaded,
      run,
      iteration,
      key,
      given,
      setGiven,
      settled,
      stamp,
      workedOut,
      order,
      setOrder,
      inView,
      outdated,
      wantCells,
      refresh,
      step,
      decisions,
    ],
  );
  return { session, problem, retry: refresh };
}
