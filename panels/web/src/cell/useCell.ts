// The open samples of a cell as FiftyOne's view and the IIES range leave them, and where they lie.
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { CellReply, Features, LayoutReply, Problem } from "../events";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";
import { questionOf, useAnswer } from "../useAsk";
import { useCurrentView } from "../useCurrentView";
import type { Settled } from "../useDecisions";
import type { Grid, Point } from "./scene";

export const PAGE = 2000;

export interface CellSample {
  row: number;
  id: string;
  iies: number;
  suspicion: number;
  inView: boolean;
}

export function samplesOf({ samples }: CellReply): CellSample[] {
  return samples.row.map((row, i) => ({
    row,
    id: samples.id[i] ?? "",
    iies: samples.iies[i] ?? 0,
    suspicion: samples.suspicion[i] ?? 0,
    inView: samples.in_view[i] ?? true,
  }));
}

/** A cell without the rows that decisions after it have settled. */
export function without(reply: CellReply, settled: readonly Settled[]): CellReply {
  const later = settled.filter((one) => one.revision > reply.revision);
  const gone = new Set(later.flatMap((one) => [...one.rows]));
  const stays = reply.samples.row.map((row) => !gone.has(row));
  const left = stays.filter(Boolean).length;
  const fewer = stays.length - left;
  if (!fewer) return reply;
  const keep = <T>(values: T[]): T[] => values.filter((_, i) => stays[i]);
  const { samples, layout } = reply;
  const { objects } = samples;
  return {
    ...reply,
    open: reply.open - fewer,
    decided: reply.decided + fewer,
    matching: reply.matching - fewer,
    samples: {
      row: keep(samples.row),
      id: keep(samples.id),
      label: keep(samples.label),
      prediction: keep(samples.prediction),
      iies: keep(samples.iies),
      suspicion: keep(samples.suspicion),
      in_view: keep(samples.in_view),
      ...(objects && {
        objects: {
          sample: keep(objects.sample),
          kind: keep(objects.kind),
          iou: keep(objects.iou),
          confidence: keep(objects.confidence),
        },
      }),
    },
    layout: { ...layout, x: keep(layout.x), y: keep(layout.y) },
  };
}

interface Asked {
  label: number;
  prediction: number;
  offset: number;
  iies: [number, number] | null;
}

export function useCell({ label, prediction, offset, iies }: Asked, thumbnails: Thumbnails) {
  const { key, revision, settled } = useSession();
  const view = useCurrentView();
  const request = { ...key, label, prediction, offset, limit: PAGE, iies };
  const {
    reply: answered,
    problem,
    retry,
  } = useAnswer<CellReply>(questionOf("cell", request, [view, revision]), async (_, signal) => {
    const first = thumbnails.version === 0;
    const answer = await ask("cell", { ...request, edge: first ? thumbnails.edge : 0 });
    if (answer.sheet && !signal.aborted) await thumbnails.add(answer.sheet);
    return answer;
  });
  const reply = React.useMemo(() => answered && without(answered, settled), [answered, settled]);
  const samples = React.useMemo(() => (reply ? samplesOf(reply) : []), [reply]);
  return { reply, samples, problem, retry };
}

const AGAIN_MS = 400;
const LONGEST_MS = 2000;

function gridOf(reply: LayoutReply | undefined): Grid | null {
  return reply?.columns ? { columns: reply.columns, lines: reply.lines } : null;
}

export type CellLayout = ReturnType<typeof useLayout>;

/** Positions of rows: at once from the principal components, from UMAP as soon as it is there. */
export function useLayout(
  samples: readonly CellSample[],
  features: Features,
  turn: number,
  on: boolean,
  first: LayoutReply | null,
  /** Width over height of the window for a grid; null for the projection itself. */
  aspect: number | null,
) {
  const { key } = useSession();
  const [layout, setLayout] = React.useState<{ rows: number[]; reply: LayoutReply } | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [asking, setAsking] = React.useState(false);
  const rows = React.useMemo(() => samples.map((sample) => sample.row), [samples]);
  const rowsRef = React.useRef(rows);
  rowsRef.current = rows;
  // Samples that left need no new layout; samples that came do.
  const placed = React.useRef(new Set<number>());
  const arrivals = React.useRef(0);
  if (on && rows.some((row) => !placed.current.has(row))) {
    placed.current = new Set(rows);
    arrivals.current += 1;
  }
  const arrived = arrivals.current;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` and `arrived` ask for a new layout
  React.useEffect(() => {
    const wanted = rowsRef.current;
    if (!on || !wanted.length) return;
    let current = true;
    let timer = 0;
    let pause = AGAIN_MS;
    setAsking(true);
    const once = () =>
      ask("layout", { ...key, rows: wanted, features, aspect }).then(
        (reply) => {
          if (!current) return;
          setProblem(null);
          setLayout((old) =>
            old &&
            old.rows === wanted &&
            old.reply.method === reply.method &&
            old.reply.columns === reply.columns
              ? { rows: wanted, reply: { ...old.reply, pending: reply.pending } }
              : { rows: wanted, reply },
          );
          if (reply.pending) {
            timer = window.setTimeout(once, pause);
            pause = Math.min(LONGEST_MS, pause * 1.4);
          } else setAsking(false);
        },
        (error) => {
          if (!current) return;
          setProblem(asProblem(error));
          setAsking(false);
        },
      );
    void once();
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [key, features, turn, on, arrived, aspect]);

  const early = React.useMemo(
    () => (first && first.x.length === rows.length ? { rows, reply: first } : null),
    [first, rows],
  );
  const points = React.useMemo<Point[]>(() => {
    const known = layout ?? early;
    if (!known) return [];
    const at = new Map(known.rows.map((row, i) => [row, i]));
    return samples
      .filter((sample) => at.has(sample.row))
      .map((sample) => {
        const i = at.get(sample.row) as number;
        return { row: sample.row, x: known.reply.x[i] ?? 0.5, y: known.reply.y[i] ?? 0.5 };
      })
      .reverse();
  }, [layout, early, samples]);
  return {
    points,
    problem,
    asking,
    grid: gridOf((layout ?? early)?.reply),
    method: (layout ?? early)?.reply.method ?? null,
    note: layout?.reply.note ?? "",
    stale: layout !== null && layout.rows.length !== samples.length,
  };
}
