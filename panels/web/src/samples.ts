// Samples in full, with their enlarged picture: the last ones looked at and the next ones expected.
import * as React from "react";
import { isFresh } from "./answers";
import { ask } from "./ask";
import type { SampleInfo } from "./events";
import { useSession } from "./session";

const KEPT = 60;
/** Longest side in pixels of the pictures that come with samples. */
export const PREVIEW = 640;

/** The session's stamp, and how much it had answered, when something was asked for. */
interface Asked {
  stamp: number;
  count: number;
}

interface Known {
  sample: SampleInfo;
  asked: Asked;
}

/** Info on one row, as `useInFront` has it. */
export const useSample = (...asked: Parameters<typeof useInFront>) => useInFront(...asked).sample;

/**
 * Info on one row; `next` are rows that will probably be asked for, loaded ahead.
 *
 * `onGone` is told the rows whose samples are no longer in the dataset.
 * After a decision of anybody it is asked for again, and shown as it was until the answer is there;
 * it is not `fresh` while that decision is one on it, made or taken back here.
 */
export function useInFront(
  row: number | null,
  next: readonly number[] = [],
  size = PREVIEW,
  onGone?: (rows: number[]) => void,
): { sample: SampleInfo | null; fresh: boolean } {
  const tell = React.useRef(onGone);
  tell.current = onGone;
  const { key, stamp, answers, iteration: shown } = useSession();
  const { objects } = shown;
  const cache = React.useRef(new Map<number, Known>());
  const pending = React.useRef(new Map<number, Asked>());
  const [, redraw] = React.useReducer((n: number) => n + 1, 0);
  const iteration = React.useRef(key);
  if (iteration.current !== key) {
    iteration.current = key;
    cache.current = new Map();
    pending.current = new Map();
  }
  const wanted = row === null ? [] : [row, ...next];
  const wantedKey = JSON.stringify(wanted);
  React.useEffect(() => {
    const wanted: number[] = JSON.parse(wantedKey);
    const mine: Asked = { stamp, count: answers.count };
    const missing = wanted.filter((r) => {
      const asked = pending.current.get(r) ?? cache.current.get(r)?.asked;
      return !asked || asked.stamp < stamp || !isFresh(answers, r, asked.count);
    });
    if (!missing.length) return;
    const fetchRows = (rows: number[]) => {
      const [known, waiting] = [cache.current, pending.current];
      for (const r of rows) waiting.set(r, mine);
      const latest = (r: number) => waiting.get(r) === mine;
      const asked = { ...key, rows, size };
      const answer: Promise<{ samples: SampleInfo[] }> = objects
        ? ask("objects", asked).then((reply) => ({ samples: reply.objects }))
        : ask("samples", asked);
      answer
        .then((reply) => {
          for (const r of rows) if (latest(r)) known.delete(r);
          for (const sample of reply.samples) {
            if (!latest(sample.row)) continue;
            known.set(sample.row, { sample, asked: mine });
            if (sample.image) new Image().src = sample.image;
          }
          const there = new Set(reply.samples.map((sample) => sample.row));
          const gone = rows.filter((r) => !there.has(r));
          if (gone.length) tell.current?.(gone);
          for (const old of [...known.keys()].slice(0, -KEPT)) known.delete(old);
          redraw();
        })
        .catch(() => {})
        .finally(() => {
          for (const r of rows) if (latest(r)) waiting.delete(r);
        });
    };
    if (missing[0] === wanted[0]) {
      fetchRows(missing.slice(0, 1));
      if (missing.length > 1) fetchRows(missing.slice(1));
    } else fetchRows(missing);
  }, [wantedKey, stamp, answers, key, size, objects]);
  const found = row === null ? undefined : cache.current.get(row);
  const fresh = found !== undefined && isFresh(answers, found.sample.row, found.asked.count);
  return { sample: found?.sample ?? null, fresh };
}
