// Samples in full, with their enlarged picture: the last ones looked at and the next ones expected.
import * as React from "react";
import { ask } from "./ask";
import type { ObjectInfo, SampleInfo } from "./events";
import { useSession } from "./session";

const KEPT = 60;
/** Longest side in pixels of the pictures that come with samples. */
export const PREVIEW = 640;

interface Known {
  sample: SampleInfo;
  /** The session's when it was asked for. */
  stamp: number;
}

/** The same for a run on objects. */
export function useObject(...asked: Parameters<typeof useSample>): ObjectInfo | null {
  return useSample(...asked) as ObjectInfo | null;
}

/**
 * Info on one row; `next` are rows that will probably be asked for, loaded ahead.
 *
 * `onGone` is told the rows whose samples are no longer in the dataset.
 * After a decision of anybody it is asked for again, and shown as it was until the answer is there.
 */
export function useSample(
  row: number | null,
  next: readonly number[] = [],
  size = PREVIEW,
  onGone?: (rows: number[]) => void,
) {
  const tell = React.useRef(onGone);
  tell.current = onGone;
  const { key, stamp, iteration: shown } = useSession();
  const { objects } = shown;
  const cache = React.useRef(new Map<number, Known>());
  const pending = React.useRef(new Map<number, number>());
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
    const asked = (r: number) => pending.current.get(r) ?? cache.current.get(r)?.stamp ?? -1;
    const missing = wanted.filter((r) => asked(r) < stamp);
    if (!missing.length) return;
    const fetchRows = (rows: number[]) => {
      const [known, waiting] = [cache.current, pending.current];
      for (const r of rows) waiting.set(r, stamp);
      const latest = (r: number) => waiting.get(r) === stamp;
      const asked = { ...key, rows, size };
      const answer: Promise<{ samples: SampleInfo[] }> = objects
        ? ask("objects", asked).then((reply) => ({ samples: reply.objects }))
        : ask("samples", asked);
      answer
        .then((reply) => {
          for (const r of rows) if (latest(r)) known.delete(r);
          for (const sample of reply.samples) {
            if (!latest(sample.row)) continue;
            known.set(sample.row, { sample, stamp });
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
  }, [wantedKey, stamp, key, size, objects]);
  return row === null ? null : (cache.current.get(row)?.sample ?? null);
}
