// How the places of a second opinion are asked for and answered: as those of an audit are.
import * as React from "react";
import { ask } from "../ask";
import type { AuditInfo, AuditItem, AuditOutline, OpinionInfo } from "../events";
import { OUTLINE_PREVIEW, type OutlineVerdict } from "../progress/outlines";
import { PREVIEW, type SampleVerdict, type Ways } from "../progress/useAuditItems";
import { useSession } from "../session";
import type { TagVerdict } from "./JudgeTags";

let onTheirWay: Promise<unknown> = Promise.resolve();

function sent<T>(answer: Promise<T>): Promise<T> {
  onTheirWay = Promise.allSettled([onTheirWay, answer]);
  return answer;
}

/** Once no answer is on its way any more: only then do numbers count the last ones. */
export const answersGiven = () => onTheirWay;

/** A request as what judging blind knows of an audit. */
export function asAudit(info: OpinionInfo): AuditInfo {
  const { id, number, size, judged, waiting, unclear, gone } = info;
  return {
    id,
    number,
    size,
    judged,
    waiting,
    unclear,
    gone,
    iteration: 0,
    right: 0,
    wrong: 0,
    population: size,
    drawn_at: info.asked_at,
    drawn_by: info.asked_by,
    state: waiting ? "open" : "done",
  };
}

export function useOpinionWays<Verdict extends SampleVerdict | TagVerdict>(
  opinion: string,
): Ways<AuditItem, Verdict> {
  const { run } = useSession().key;
  return React.useMemo(
    () => ({
      fetch: (asked) => ask("opinion_items", { run, opinion, size: PREVIEW, ...asked }),
      give: async (place, verdict) => {
        const reply = await sent(ask("opinion_answer", { run, opinion, place, ...verdict }));
        // An answer is no decision; its place is enough to take it back.
        return { ...reply, decision: reply.gone ? null : String(place) };
      },
      takeBack: ({ place }) => sent(ask("opinion_take_back", { run, opinion, place })),
    }),
    [run, opinion],
  );
}

/** The same of objects: a class in an outline, or nothing. */
export function useOutlineOpinionWays(opinion: string): Ways<AuditOutline, OutlineVerdict> {
  const { run } = useSession().key;
  return React.useMemo(
    () => ({
      fetch: (asked) => ask("opinion_outlines", { run, opinion, size: OUTLINE_PREVIEW, ...asked }),
      give: async (place, verdict) => {
        const said =
          "label" in verdict && verdict.label !== null
            ? { label: verdict.label }
            : "unclear" in verdict
              ? { unclear: true }
              : { nothing: true };
        const reply = await sent(ask("opinion_answer", { run, opinion, place, ...said }));
        return { ...reply, decision: reply.gone ? null : String(place) };
      },
      takeBack: ({ place }) => sent(ask("opinion_take_back", { run, opinion, place })),
    }),
    [run, opinion],
  );
}
