// Page after page: all that is on one is right but the exceptions, which one press says.
import * as React from "react";
import { drop } from "../acts/dropped";
import { useGate, usePaintedWhen } from "../acts/useShown";
import { isRows, oneOf, useKept, useKeptHere } from "../kept";
import { useGridSize } from "../parts/sizes";
import { isBad } from "../parts/summary";
import { byPrediction } from "../ranking/choice";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";
import { type Held, type Judged, type Others, pageOf, type Right, shares, startOf } from "./page";
import { useDrawn } from "./useDrawn";

const MOST_LEFT = 5000;
const PAGES_BACK = 20;
const NONE: ReadonlySet<number> = new Set();

interface Options {
  /** Whether pages are on screen. */
  on: boolean;
  /** What is gone through; another list begins anew. */
  name: string;
  samples: readonly Judged[];
  /** Whether the exceptions may be those whose label is right. */
  eitherWay: boolean;
  thumbnails: Thumbnails;
}

interface Page {
  start: number;
  /** The samples of its decisions, and those left open: what an undo puts back. */
  decided: readonly number[];
  excepted: ReadonlySet<number>;
  open: readonly number[];
  images: number;
}

interface Place {
  name: string;
  start: number;
  turn: number;
  /** Of a page that came back: as many images as it had, whatever there is room for by now. */
  images?: number;
}

export type Pages = ReturnType<typeof usePages>;

export function usePages({ on, name, samples, eitherWay, thumbnails }: Options) {
  const { classes, resolve, busy, outcome } = useSession();
  const [wanted, setRight] = useKept<Right>("pages/right", "label", oneOf("label", "prediction"));
  const right = eitherWay ? wanted : "label";
  const [others, setOthers] = useKept<Others>("pages/others", "open", oneOf("open", "other"));
  const [left, setLeft] = useKeptHere<number[]>("pages/left", [], isRows);
  const [size, setSize] = React.useState(0);
  const [place, setPlace] = React.useState<Place>({ name, start: 0, turn: 0 });
  const [marked, setExcepted] = React.useState<ReadonlySet<number>>(NONE);
  /** Decided on, which the server has not answered yet. */
  const [sent, setSent] = React.useState<ReadonlySet<number>>(NONE);

  const passed = React.useMemo(() => {
    const rows = new Set(left);
    return samples.filter(({ row }) => rows.has(row)).map(({ row }) => row);
  }, [samples, left]);
  const list = React.useMemo(() => {
    const away = new Set([...passed, ...sent]);
    return samples.filter(({ row }) => !away.has(row));
  }, [samples, passed, sent]);
  const byRow = React.useMemo(() => new Map(list.map((one) => [one.row, one])), [list]);
  const begin: Place = { name, start: 0, turn: 0 };
  const { start: asked, turn, images } = place.name === name ? place : begin;
  const start = startOf(list.length, asked, size);
  const held = React.useRef<Held>({ key: "", rows: [] });
  const rows = React.useMemo(() => [...byRow.keys()], [byRow]);
  const [chosenSize] = useGridSize();
  // Lines that come and go below the pictures change the room; that alone adds no picture.
  const pageKey = JSON.stringify([name, start, turn, chosenSize]);
  const most = Math.min(size, images ?? size);
  const page = on && size ? pageOf(rows, start, most, held.current, pageKey) : [];
  held.current = { key: pageKey, rows: page };

  const pageText = page.join();
  const excepted = React.useMemo(() => {
    const here = new Set(pageText.split(",").map(Number));
    return new Set([...marked].filter((row) => here.has(row)));
  }, [marked, pageText]);
  const unseen = new Set(page.filter((row) => thumbnails.get(row) === null));
  const drawn = useDrawn(page, `${name} ${turn}`, thumbnails);
  const { pass, free } = useGate(drawn);
  const { pass: touch } = useGate(usePaintedWhen(pageText ? `${pageKey} ${pageText}` : null));
  const next = rows.slice(start + page.length, start + page.length + size);
  const aheadText = [...page, ...next].join();
  React.useEffect(() => {
    if (aheadText) thumbnails.want(aheadText.split(",").map(Number));
  }, [aheadText, thumbnails]);

  const ofPage = page.flatMap((row) => byRow.get(row) ?? []);
  const plan = shares(ofPage, excepted, unseen, others);

  const latest = React.useRef(outcome);
  latest.current = outcome;
  const acting = React.useRef(false);
  const made = React.useRef<Page[]>([]);

  /** Says that all of them have their label, or their prediction; whether nothing stood against it. */
  const say = async (what: Right, about: readonly number[]): Promise<boolean> => {
    const decide = async (...args: Parameters<typeof resolve>) => {
      const done = await resolve(...args);
      return done && !(latest.current && isBad(latest.current));
    };
    if (!about.length) return true;
    if (what === "label") return decide("confirm", [...about]);
    for (const [label, same] of byPrediction(about, (row) => byRow.get(row)?.prediction ?? -1)) {
      if (!(await decide("relabel", same, { label: classes[label] ?? "" }))) return false;
    }
    return true;
  };
  const decide = async () => {
    const why = acting.current || busy ? "busy" : page.length ? null : "none";
    if (!pass("page", why ? "nothing" : "whole")) return;
    if (why) return drop(why);
    acting.current = true;
    const { rest, given, open } = plan;
    const decided = [...given, ...rest];
    setSent(new Set(decided));
    setExcepted(NONE);
    setLeft((old) => [...old, ...open].slice(-MOST_LEFT));
    setPlace({ name, start, turn: turn + 1 });
    const done = { start, decided, excepted, open, images: page.length };
    made.current = [...made.current.slice(1 - PAGES_BACK), done];
    try {
      const other = right === "label" ? "prediction" : "label";
      // The page comes last: it is what Undo takes back first.
      if ((await say(other, given)) && (await say(right, rest))) return;
      setExcepted(excepted);
      setLeft((old) => old.filter((row) => !open.includes(row)));
      setPlace((old) => ({ name, start, turn: old.turn + 1 }));
    } finally {
      setSent(NONE);
      acting.current = false;
      free();
    }
  };

  // A page that is taken back is there again as it was, its exceptions marked, once its samples are.
  const before = React.useRef(outcome);
  const [returning, setReturning] = React.useState<Page | null>(null);
  React.useEffect(() => {
    if (before.current === outcome) return;
    before.current = outcome;
    const what = outcome?.action === "undo" && outcome.reply?.applied ? outcome.reply.what : null;
    if (!what || what.again) return;
    const found = made.current.findLast(({ decided }) =>
      what.rows.some((r) => decided.includes(r)),
    );
    if (!found) return;
    made.current = made.current.filter((one) => one !== found);
    setReturning({ ...found, decided: what.rows });
  }, [outcome]);
  React.useEffect(() => {
    if (!returning?.decided.some((row) => byRow.has(row))) return;
    setReturning(null);
    setExcepted(returning.excepted);
    setLeft((old) => old.filter((row) => !returning.open.includes(row)));
    const { start: there, images: had } = returning;
    setPlace((old) => ({ name, start: there, turn: old.turn + 1, images: had }));
  }, [returning, byRow, name, setLeft]);

  return {
    page,
    /** From 1 on; of so many. */
    number: size ? Math.ceil(start / size) + 1 : 1,
    pages: size ? Math.max(1, Math.ceil(list.length / size)) : 1,
    plan,
    excepted,
    unreadable: unseen.size,
    drawn,
    right,
    setRight,
    others,
    setOthers,
    eitherWay,
    fit: setSize,
    mark: (row: number) => {
      // A click that bounces marks once.
      if (!touch(`mark ${row}`, "part")) return;
      const now = new Set(excepted);
      if (!now.delete(row)) now.add(row);
      setExcepted(now);
    },
    markAll: (some: readonly number[]) => setExcepted(new Set([...excepted, ...some])),
    clear: () => setExcepted(NONE),
    decide,
    /** Goes to another page, without deciding on this one. */
    step: (by: 1 | -1) => {
      // A page that was drawn in less room has fewer images than there would be room for.
      const to = Math.max(0, start + (by > 0 ? page.length || size : -size));
      if (to < list.length) setPlace({ name, start: to, turn: turn + 1 });
    },
    /** Samples of the list that earlier pages left open. */
    left: passed.length,
    showLeft: () => setLeft((old) => old.filter((row) => !passed.includes(row))),
  };
}
