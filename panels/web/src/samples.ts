// Samples in full, with their enlarged picture: the last ones looked at and the next ones expected.
import * as React from "react";
import { ask } from "./ask";
import type { SampleInfo } from "./events";
import { useSession } from "./session";

const KEPT = 60;

/** Info on one row; `next` are rows that will probably be asked for, loaded ahead. */
export function useSample(row: number | null, next: readonly number[] = [], size = 640) {
  const { key, overview } = useSession();
  const cache = React.useRef(new Map<number, SampleInfo>());
  const pending = React.useRef(new Set<number>());
  const [, redraw] = React.useReducer((n: number) => n + 1, 0);
  // Another iteration, or a decision of anybody, makes what is known of a sample old.
  const stamp = `${key.run}/${key.iteration}/${overview.revision}`;
  const stampRef = React.useRef(stamp);
  if (stampRef.current !== stamp) {
    stampRef.current = stamp;
    cache.current = new Map();
    pending.current = new Set();
  }
  const wanted = row === null ? [] : [row, ...next];
  const wantedKey = wanted.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: wantedKey stands for wanted
  React.useEffect(() => {
    const missing = wanted.filter((r) => !cache.current.has(r) && !pending.current.has(r));
    if (!missing.length) return;
    const fetchRows = (rows: number[]) => {
      const mine = stamp;
      for (const r of rows) pending.current.add(r);
      ask("samples", { ...key, rows, size })
        .then((reply) => {
          if (stampRef.current !== mine) return;
          for (const sample of reply.samples) {
            cache.current.set(sample.row, sample);
            if (sample.image) new Image().src = sample.image;
          }
          for (const old of [...cache.current.keys()].slice(0, -KEPT)) cache.current.delete(old);
          redraw();
        })
        .catch(() => {})
        .finally(() => {
          if (stampRef.current === mine) for (const r of rows) pending.current.delete(r);
        });
    };
    if (missing[0] === row) {
      fetchRows([row as number]);
      if (missing.length > 1) fetchRows(missing.slice(1));
    } else fetchRows(missing);
  }, [wantedKey, stamp, key, size]);
  return row === null ? null : (cache.current.get(row) ?? null);
}
