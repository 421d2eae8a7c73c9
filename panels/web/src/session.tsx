// What all screens share: the run, its classes, the overview as it stands, and the ways to change it.
import * as React from "react";
import { ask, asProblem } from "./ask";
import type {
  Action,
  IterationInfo,
  Job,
  Order,
  OutdatedReply,
  OverviewReply,
  Problem,
  ResolveReply,
  RunInfo,
} from "./events";
import { byLabel, type Cell } from "./overview/cells";

export interface Overview extends Omit<OverviewReply, "cells" | "classes"> {
  cells: Map<number, Cell[]>;
}

export interface Outcome {
  action: string;
  rows: number;
  reply: ResolveReply | null;
  problem: Problem | null;
}

export interface Session {
  run: RunInfo;
  iteration: IterationInfo;
  key: { run: string; iteration: number };
  classes: string[];
  overview: Overview;
  order: Order;
  setOrder: (order: Order) => void;
  inView: number[] | null;
  outdated: OutdatedReply | null;
  job: Job | null;
  busy: boolean;
  outcome: Outcome | null;
  dismiss: () => void;
  wantCells: (labels: number[]) => void;
  resolve: (
    action: Action,
    rows: number[],
    option?: { label?: string; tag?: string },
  ) => Promise<boolean>;
  undo: (decision?: string) => Promise<boolean>;
  refresh: () => Promise<void>;
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
  /** Changes when FiftyOne's view does. */
  view: string;
}

const PULSE_MS = 3000;
const PAGE = 100;

/** Loads an iteration and keeps it in step; `onNews` is told of jobs and new iterations. */
export function useLoadedSession(
  { run, iteration, view }: Options,
  onNews: (job: Job | null, last: number) => void,
) {
  const key = React.useMemo(
    () => ({ run: run.key, iteration: iteration.number }),
    [run.key, iteration.number],
  );
  const [loaded, setLoaded] = React.useState<Loaded | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [order, setOrder] = React.useState<Order>("count");
  const [inView, setInView] = React.useState<number[] | null>(null);
  const [outdated, setOutdated] = React.useState<OutdatedReply | null>(null);
  const [busy, setBusy] = React.useState(false);
  const [outcome, setOutcome] = React.useState<Outcome | null>(null);
  const [job, setJob] = React.useState<Job | null>(null);
  const visible = React.useRef<number[]>([]);
  const asked = React.useRef(0);
  const known = React.useRef<Loaded | null>(null);

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
      setLoaded(next);
      setProblem(null);
    } catch (error) {
      if (turn === asked.current) setProblem(asProblem(error));
    }
  }, [key, order]);

  React.useEffect(() => {
    void refresh();
  }, [refresh]);

  const revision = loaded?.overview.revision;
  React.useEffect(() => {
    let current = true;
    if (revision === undefined || view === "[]") {
      setInView(null);
      return;
    }
    ask("in_view", key).then(
      (reply) => current && setInView(reply.open),
      () => current && setInView(null),
    );
    return () => {
      current = false;
    };
  }, [key, view, revision]);

  React.useEffect(() => {
    let current = true;
    ask("outdated", key).then(
      (reply) => current && setOutdated(reply),
      () => current && setOutdated(null),
    );
    return () => {
      current = false;
    };
  }, [key]);

  const refreshRef = React.useRef(refresh);
  refreshRef.current = refresh;
  const newsRef = React.useRef(onNews);
  newsRef.current = onNews;
  React.useEffect(() => {
    let stopped = false;
    let timer = 0;
    const beat = async () => {
      if (!document.hidden) {
        try {
          const pulse = await ask("pulse", { run: key.run });
          if (stopped) return;
          setJob(pulse.job);
          newsRef.current(pulse.job, pulse.iteration);
          if (known.current && pulse.revision !== known.current.overview.revision) {
            await refreshRef.current();
          }
        } catch {
          // The next beat will tell.
        }
      }
      if (!stopped) timer = window.setTimeout(beat, PULSE_MS);
    };
    timer = window.setTimeout(beat, PULSE_MS);
    return () => {
      stopped = true;
      window.clearTimeout(timer);
    };
  }, [key.run]);

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

  const act = React.useCallback(
    async (action: string, rows: number, work: () => Promise<ResolveReply>) => {
      setBusy(true);
      try {
        const reply = await work();
        setOutcome({ action, rows, reply, problem: null });
        await refreshRef.current();
        return reply.applied > 0;
      } catch (error) {
        setOutcome({ action, rows, reply: null, problem: asProblem(error) });
        return false;
      } finally {
        setBusy(false);
      }
    },
    [],
  );
  const resolve = React.useCallback<Session["resolve"]>(
    (action, rows, option) =>
      act(action, rows.length, () => ask("resolve", { ...key, action, rows, ...option })),
    [act, key],
  );
  const undo = React.useCallback<Session["undo"]>(
    (decision) => act("undo", 0, () => ask("undo", { run: key.run, decision: decision ?? null })),
    [act, key],
  );
  const dismiss = React.useCallback(() => setOutcome(null), []);

  const session = React.useMemo<Session | null>(
    () =>
      loaded && {
        run,
        iteration,
        key,
        classes: loaded.classes,
        overview: loaded.overview,
        order,
        setOrder,
        inView,
        outdated,
        job,
        busy,
        outcome,
        dismiss,
        wantCells,
        resolve,
        undo,
        refresh,
      },
    [
      loaded,
      run,
      iteration,
      key,
      order,
      inView,
      outdated,
      job,
      busy,
      outcome,
      dismiss,
      wantCells,
      resolve,
      undo,
      refresh,
    ],
  );
  return { session, problem, retry: refresh };
}
