// The places of an audit that wait for a verdict, in step with what other windows judge.
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { AuditInfo, AuditItem, AuditItemsReply, Problem } from "../events";
import { isIndex, isObject, isRows, useKeptHere } from "../kept";
import { useSession } from "../session";

const FETCH = 12;
const LOW = 4;
/** Longest side in pixels of the pictures that come with the samples. */
export const PREVIEW = 640;
const MOST_TAKEN_BACK = 50;

interface Counts {
  judged: number;
  state: AuditInfo["state"];
}

export interface Made {
  decision: string;
  place: number;
}

/** How the places of an audit are asked for and judged. */
export interface Ways<Item, Verdict> {
  fetch: (asked: {
    skip: number[];
    limit: number;
  }) => Promise<Omit<AuditItemsReply, "items"> & { items: Item[] }>;
  /** `decision` names what can be taken back; null where nothing came of the verdict. */
  give: (
    place: number,
    verdict: Verdict,
  ) => Promise<{ decision: string | null; gone: boolean; waiting: number }>;
  takeBack: (made: Made) => Promise<unknown>;
}

export type SampleVerdict = { label: string } | { unclear: true };

/** The ways of an audit of whole samples. */
export function useSampleWays(info: AuditInfo): Ways<AuditItem, SampleVerdict> {
  const { key, undo } = useSession();
  const { run } = key;
  const audit = info.id;
  return React.useMemo(
    () => ({
      fetch: (asked) => ask("audit_items", { run, audit, size: PREVIEW, ...asked }),
      give: (place, verdict) => ask("audit_verdict", { run, audit, place, ...verdict }),
      takeBack: ({ decision }) => undo(decision),
    }),
    [run, audit, undo],
  );
}

const isMade = (value: unknown): value is Made[] =>
  Array.isArray(value) &&
  value.every((one) => isObject(one) && typeof one.decision === "string" && isIndex(one.place));

const note = (message: string): Problem => ({ kind: "input", message, detail: "" });

/** Items with the one that was in front kept there, and whether it was surely judged elsewhere. */
export function inOrder<Item extends { place: number }>(
  items: readonly Item[],
  front: number | null,
  limit: number,
): { line: Item[]; lost: boolean } {
  const held = items.find(({ place }) => place === front);
  if (held) return { line: [held, ...items.filter((one) => one !== held)], lost: false };
  const last = items.at(-1)?.place ?? -1;
  return { line: [...items], lost: front !== null && (items.length < limit || last > front) };
}

export function useAuditItems<Item extends { place: number }, Verdict>(
  info: AuditInfo,
  ways: Ways<Item, Verdict>,
) {
  const { overview, report } = useSession();
  const [line, setLine] = React.useState<Item[] | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [counts, setCounts] = React.useState<Counts>(info);
  const [skipped, setSkipped] = useKeptHere<number[]>(`audit/${info.id}/skipped`, [], isRows);
  const [made, setMade] = useKeptHere<Made[]>(`audit/${info.id}/made`, [], isMade);
  const stack = React.useRef(made);
  const remember = (next: Made[]) => {
    stack.current = next;
    setMade(next);
  };
  /** Answered once all verdicts are that were given: only then is it known what to take back. */
  const answered = React.useRef<Promise<unknown>>(Promise.resolve());
  const passed = React.useRef(skipped);
  passed.current = skipped;
  /** Judged here, of which answers on their way may not know yet. */
  const sent = React.useRef(new Set<number>());
  const [onTheirWay, setOnTheirWay] = React.useState(0);
  const front = React.useRef<number | null>(null);
  /** Whose verdict was taken back: it is asked about next. */
  const back = React.useRef<number | null>(null);
  const turn = React.useRef(0);

  const fetchItems = React.useCallback(() => {
    const mine = ++turn.current;
    const skip = [...new Set([...passed.current, ...sent.current])];
    ways.fetch({ skip, limit: FETCH }).then(
      (reply) => {
        if (mine !== turn.current) return;
        const away = new Set([...passed.current, ...sent.current]);
        const items = reply.items.filter(({ place }) => !away.has(place));
        const again = items.some(({ place }) => place === back.current) ? back.current : null;
        back.current = null;
        const { line: next, lost } = inOrder(items, again ?? front.current, FETCH);
        if (lost) {
          front.current = null;
          const by = "What was shown here was judged in another window meanwhile.";
          report("audit_verdict", note(by));
        }
        setLine(next);
        setCounts({ judged: reply.judged, state: reply.state });
        const waiting = new Set(reply.skipped);
        setSkipped((old) => old.filter((place) => waiting.has(place) || !skip.includes(place)));
        setProblem(null);
      },
      (error) => mine === turn.current && setProblem(asProblem(error)),
    );
  }, [ways, report, setSkipped]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: others' verdicts are decisions
  React.useEffect(fetchItems, [fetchItems, overview.revision]);

  const item = line?.[0] ?? null;
  front.current = item?.place ?? null;
  const held = line?.length ?? 0;
  const waiting = info.size - counts.judged - skipped.length - onTheirWay;
  const low = line !== null && held < LOW && waiting > held;
  React.useEffect(() => {
    if (low) fetchItems();
  }, [low, fetchItems]);

  const advance = (place: number) => {
    setLine((old) => old?.filter((other) => other.place !== place) ?? null);
  };
  const judge = (place: number, verdict: Verdict) => {
    sent.current.add(place);
    setOnTheirWay((n) => n + 1);
    advance(place);
    const given = ways
      .give(place, verdict)
      .then(
        ({ decision, gone, waiting: left }) => {
          setCounts((old) => ({ ...old, judged: info.size - left }));
          if (decision) {
            return remember([...stack.current.slice(1 - MOST_TAKEN_BACK), { decision, place }]);
          }
          const why = gone
            ? "That one is no longer in the dataset; it needs no verdict."
            : "That one was judged the same way at the same moment; it counts once.";
          report("audit_verdict", note(why));
        },
        (error) => {
          // Judged elsewhere, most likely: the samples that still wait tell.
          sent.current.delete(place);
          report("audit_verdict", asProblem(error));
          fetchItems();
        },
      )
      .finally(() => setOnTheirWay((n) => n - 1));
    answered.current = Promise.all([answered.current, given]);
  };

  return {
    item,
    line,
    problem,
    skipped,
    closed: counts.state === "closed",
    judged: Math.min(info.size, counts.judged + onTheirWay),
    judge,
    retry: fetchItems,
    skip: (place: number) => {
      setSkipped((old) => [...old, place]);
      advance(place);
    },
    takeBack: () => {
      void answered.current.then(() => {
        const last = stack.current.at(-1);
        if (!last) return;
        remember(stack.current.slice(0, -1));
        ways
          .takeBack(last)
          .catch((error) => report("audit_verdict", asProblem(error)))
          .finally(() => {
            sent.current.delete(last.place);
            back.current = last.place;
            fetchItems();
          });
      });
    },
    restart: () => {
      passed.current = [];
      setSkipped([]);
      fetchItems();
    },
  };
}
