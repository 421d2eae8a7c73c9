// The samples of the queue in their order: asked for ahead, passed over, taken out, brought back.
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { ImageSuspects, Problem, QueueReply } from "../events";
import { isIndex, isObject, isRows, useKeptHere } from "../kept";
import type { RankingChoice } from "../ranking/choice";
import { useSession } from "../session";

const FETCH = 24;
const LOW = 8;
const MOST_SKIPPED = 5000;
const SKIPPED = "queue/skipped";
const BY_IMAGE = "/images";

/** What the queue goes through: a cell, a ranking, or all suspects. */
export interface Through {
  cell: [number, number] | null;
  ranking: RankingChoice | null;
}

export interface Line extends Omit<QueueReply, "revision"> {
  /** Where it goes image by image: the objects on each, by the row that stands for the image. */
  images?: ImageSuspects[];
}

interface Place {
  queue: string;
  row: number;
}

const isPlace = (value: unknown): value is Place | null =>
  value === null || (isObject(value) && typeof value.queue === "string" && isIndex(value.row));

/** The sample in front: of those that were not passed over, then of those that were. */
export function inFront(line: Line | null, again: ReadonlySet<number>): number | null {
  if (!line) return null;
  if (line.rows.length || line.left) return line.rows[0] ?? null;
  return line.skipped.find((row) => !again.has(row)) ?? null;
}

/** The line without a row that was decided on or passed over. */
export function without(line: Line, row: number): Line {
  const rows = line.rows.filter((other) => other !== row);
  const left = Math.max(0, line.left - (line.rows.length - rows.length));
  return { ...line, rows, left, skipped: line.skipped.filter((other) => other !== row) };
}

/** Takes what was passed over in one way along into the other: one by one, or image by image. */
export function useSkippedElsewhere(byImage: boolean) {
  const [here, setHere] = useKeptHere<number[]>(`${SKIPPED}${byImage ? BY_IMAGE : ""}`, [], isRows);
  const [there] = useKeptHere<number[]>(`${SKIPPED}${byImage ? "" : BY_IMAGE}`, [], isRows);
  return () => setHere([...here, ...there.filter((row) => !here.includes(row))]);
}

/** `byImage`: each row stands for an image with all that is suspect on it. */
export function useLine({ cell, ranking }: Through, view: string, byImage = false) {
  const { key, stamp, outcome } = useSession();
  const kind = byImage ? BY_IMAGE : "";
  const [line, setLine] = React.useState<Line | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [skipped, setSkipped] = useKeptHere<number[]>(`${SKIPPED}${kind}`, [], isRows);
  const [place, setPlace] = useKeptHere<Place | null>(`queue/place${kind}`, null, isPlace);
  /** Passed over once more, when only those were left that had been. */
  const [again, setAgain] = React.useState<ReadonlySet<number>>(new Set());
  const text = JSON.stringify({ cell, ...ranking });
  const front = React.useRef(place?.queue === text ? place.row : null);
  /** To be put in front, whatever image it lies on. */
  const bringing = React.useRef<number | null>(null);
  const passed = React.useRef(skipped);
  passed.current = skipped;
  /** Decided here, which an answer on its way does not know yet. */
  const gone = React.useRef(new Set<number>());
  const busy = React.useRef(0);
  const turn = React.useRef(0);

  const fetchLine = React.useCallback(() => {
    const mine = ++turn.current;
    const [before, brought] = [passed.current, bringing.current];
    const request = { ...key, ...JSON.parse(text), skip: before, limit: FETCH };
    const asked = { ...request, front: front.current };
    const answer: Promise<QueueReply & { images?: ImageSuspects[] }> = byImage
      ? ask("image_queue", { ...asked, bring: brought })
      : ask("queue", asked);
    answer.then(
      ({ rows, left, skipped: waiting, outside, deleted, images }) => {
        if (mine !== turn.current) return;
        if (brought !== null && bringing.current === brought) {
          bringing.current = null;
          front.current = rows[0] ?? null;
          passed.current = passed.current.filter((row) => row !== rows[0]);
          setSkipped(passed.current);
        }
        // What was decided on or passed over since is where it was put.
        const still = (row: number) => waiting.includes(row) || !before.includes(row);
        const late = new Set(passed.current.filter(still));
        const open = rows.filter((row) => !gone.current.has(row) && !late.has(row));
        const there = new Set([...rows, ...waiting].filter((row) => !gone.current.has(row)));
        const known = (row: number) => there.has(row) && !open.includes(row);
        // Of images the answer names each by its own row, whatever object on it was passed over.
        const named = byImage ? waiting.filter((row) => !passed.current.includes(row)) : [];
        const skipped = [...passed.current, ...named].filter(known);
        const fewer = rows.length - open.length;
        const line = { rows: open, left: left - fewer, skipped, outside, deleted };
        setLine(images ? { ...line, images } : line);
        setProblem(null);
      },
      (error) => mine === turn.current && setProblem(asProblem(error)),
    );
  }, [key, text, byImage, setSkipped]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another view changes the line
  React.useEffect(() => {
    gone.current.clear();
    fetchLine();
  }, [fetchLine, view]);
  const loaded = line !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: others' decisions and edits change the line
  React.useEffect(() => {
    if (!loaded || busy.current) return;
    gone.current.clear();
    fetchLine();
  }, [stamp]);

  const row = inFront(line, again);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is in front stays there until it is settled
  React.useEffect(() => {
    if (row === null) return;
    front.current = row;
    setPlace({ queue: text, row });
  }, [row, text]);

  const low = line !== null && line.rows.length < LOW && line.left > line.rows.length;
  React.useEffect(() => {
    if (low) fetchLine();
  }, [low, fetchLine]);

  const advance = (one: number) => {
    gone.current.add(one);
    setLine((old) => old && without(old, one));
  };
  const forget = (one: number) => setSkipped((old) => old.filter((other) => other !== one));

  /** Takes a sample out while it is decided on; one that could not be is there again. */
  const settle = (one: number, work: Promise<boolean>) => {
    busy.current++;
    if (byImage) front.current = null; // it would come first again
    advance(one);
    void work.then((done) => {
      busy.current--;
      if (done) forget(one);
      else gone.current.delete(one);
      if (!done || !busy.current) fetchLine();
    });
  };

  const skip = (one: number) => {
    if (byImage) front.current = null; // it would come first again
    if (skipped.includes(one)) setAgain((old) => new Set([...old, one]));
    setSkipped((old) => [...old.filter((other) => other !== one), one].slice(-MOST_SKIPPED));
    setLine((old) => old && { ...without(old, one), skipped: [...without(old, one).skipped, one] });
  };

  /** Puts a sample in front that was passed over, or decided on and taken back. */
  const bring = React.useCallback(
    (one: number) => {
      gone.current.delete(one);
      front.current = one;
      bringing.current = byImage ? one : null;
      passed.current = passed.current.filter((other) => other !== one);
      setSkipped(passed.current);
      setAgain((old) => new Set([...old].filter((other) => other !== one)));
      fetchLine();
    },
    [fetchLine, setSkipped, byImage],
  );

  // What is taken back, by whatever button, is what somebody wants to see again.
  const before = React.useRef(outcome);
  React.useEffect(() => {
    if (before.current === outcome) return;
    before.current = outcome;
    if (outcome?.action !== "undo" || !outcome.reply?.applied) return;
    gone.current.clear();
    const { what } = outcome.reply;
    const one = what?.samples === 1 && !what.again ? what.rows[0] : undefined;
    if (one === undefined) fetchLine();
    else bring(one);
  }, [outcome, fetchLine, bring]);

  return {
    line,
    row,
    problem,
    /** Those that come next, to be loaded ahead. */
    next: line ? [...line.rows, ...line.skipped].filter((other) => other !== row) : [],
    /** Whether the sample in front was passed over before. */
    late: row !== null && (line?.skipped.includes(row) ?? false),
    settle,
    skip,
    /** Goes on from what is settled. */
    leave: (one: number) => {
      front.current = null;
      advance(one);
    },
    bring,
    retry: fetchLine,
    /** Deleted elsewhere since they were asked for. */
    lost: (rows: number[]) => {
      for (const one of rows) advance(one);
      fetchLine();
    },
    /** Begins with those that were passed over twice once more. */
    restart: () => setAgain(new Set()),
  };
}
