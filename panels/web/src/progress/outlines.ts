// What is judged in an audit of objects: what a person has drawn so far, and what is sent of it.
import * as React from "react";
import { ask } from "../ask";
import type { AuditInfo, AuditOutline } from "../events";
import { type Box, copied } from "../objects/place";
import { useSession } from "../session";
import type { Ways } from "./useAuditItems";

/** Longest side in pixels of the pictures that come with the places. */
export const OUTLINE_PREVIEW = 800;

export interface Found {
  label: string;
  box: Box;
}

/** What is done at a place before it is judged. */
export interface Work {
  place: number;
  /** An outline that is drawn, or set right; in a whole image it still wants a class. */
  box: Box | null;
  adjusting: boolean;
  found: readonly Found[];
}

export type OutlineVerdict =
  | { label: string | null; box?: Box }
  | { found: readonly Found[] }
  | { unclear: true; whole: boolean };

/** Where a new outline begins: in the middle. */
export const MIDDLE: Box = [0.4, 0.4, 0.2, 0.2];

export const nothingDone = (place: number): Work => ({
  place,
  box: null,
  adjusting: false,
  found: [],
});

/** A class is said: of an outline the verdict, in a whole image one more that was found. */
export function named(
  work: Work,
  whole: boolean,
  label: string,
): { work: Work; verdict: OutlineVerdict | null } {
  if (!whole) return { work, verdict: { label, ...(work.box && { box: work.box }) } };
  if (!work.box) return { work, verdict: null };
  const found = [...work.found, { label, box: work.box }];
  return { work: { ...work, box: null, adjusting: false, found }, verdict: null };
}

/** Takes back the last thing that was drawn at a place; null where nothing was. */
export function withoutLast(work: Work): Work | null {
  if (work.box) return { ...work, box: null, adjusting: false };
  return work.found.length ? { ...work, found: work.found.slice(0, -1) } : null;
}

/** The ways of an audit of objects. */
export function useOutlineWays(info: AuditInfo): Ways<AuditOutline, OutlineVerdict> {
  const { key, refresh } = useSession();
  const { run } = key;
  const audit = info.id;
  return React.useMemo(() => {
    const judged = (place: number, verdict: OutlineVerdict) => {
      const named = { run, audit, place };
      if ("found" in verdict) {
        const labels = verdict.found.map(({ label }) => label);
        const boxes = verdict.found.map(({ box }) => copied(box));
        return ask("audit_look", { ...named, labels, boxes });
      }
      if ("unclear" in verdict)
        return verdict.whole
          ? ask("audit_look", { ...named, labels: [], boxes: [], unclear: true })
          : ask("audit_judge", { ...named, unclear: true });
      const { label, box } = verdict;
      return ask("audit_judge", { ...named, label, ...(box && { box: copied(box) }) });
    };
    return {
      fetch: (asked) => ask("audit_outlines", { run, audit, size: OUTLINE_PREVIEW, ...asked }),
      give: async (place, verdict) => {
        const { gone, waiting } = await judged(place, verdict);
        return { decision: gone ? null : String(place), gone, waiting };
      },
      takeBack: async ({ place }) => {
        await ask("audit_take_back", { run, audit, place });
        void refresh();
      },
    };
  }, [run, audit, refresh]);
}
