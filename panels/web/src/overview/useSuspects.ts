// The most suspicious samples of the cells on screen, and their thumbnails.
import * as React from "react";
import { ask } from "../ask";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";
import { useCurrentView } from "../useCurrentView";
import { useThumbnails } from "../useThumbnails";

export const PICTURES = 3;
const EDGE = 64;
/** Scrolling goes on for so long before anything is asked. */
const REST_MS = 120;

export interface Suspects {
  thumbnails: Thumbnails;
  rows: ReadonlyMap<number, readonly number[]>;
}

/** What `cells` show, of those that were asked for; null where no pictures are wanted. */
export function useSuspects(cells: readonly number[], on: boolean): Suspects | null {
  const { key, given, overview } = useSession();
  const view = useCurrentView();
  const thumbnails = useThumbnails(EDGE);
  const state = `${overview.revision} ${view} ${JSON.stringify(given)}`;
  const [known, setKnown] = React.useState({ state: "", rows: new Map<number, number[]>() });
  const latest = React.useRef(known);
  latest.current = known;
  const wanted = cells.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: wanted stands for cells
  React.useEffect(() => {
    if (!on || !cells.length) return;
    let current = true;
    const timer = window.setTimeout(async () => {
      const fresh = latest.current.state === state;
      const missing = fresh ? cells.filter((cell) => !latest.current.rows.has(cell)) : [...cells];
      let rows = latest.current.rows;
      if (missing.length) {
        const reply = await ask("suspects", { ...key, cells: missing }).catch(() => null);
        if (!current || !reply) return;
        rows = new Map(rows);
        for (const cell of missing) rows.set(cell, []);
        reply.cell.forEach((cell, at) => {
          rows.get(cell)?.push(reply.row[at] as number);
        });
        // After a decision cells elsewhere are asked for anew once they are on screen.
        if (!fresh)
          for (const cell of [...rows.keys()]) if (!missing.includes(cell)) rows.delete(cell);
        setKnown({ state, rows });
      }
      thumbnails.want(cells.flatMap((cell) => rows.get(cell) ?? []));
    }, REST_MS);
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [wanted, on, key, state, thumbnails]);
  const { rows } = known;
  return React.useMemo(() => (on ? { thumbnails, rows } : null), [on, thumbnails, rows]);
}
