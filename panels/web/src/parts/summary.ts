// What became of an action, in words.
import type { Conflict } from "../events";
import { plural } from "../format";
import type { Outcome as Result } from "../session";

const DONE: Record<string, string> = {
  relabel: "Relabelled",
  confirm: "Confirmed",
  remove: "Removed",
  tag: "Tagged",
  keep_one: "Removed",
  keep_all: "Kept on purpose:",
  relabel_alike: "Relabelled",
  undo: "Took back a decision on",
};

const REASONS: Record<string, string> = {
  relabeled: "somebody gave it another label meanwhile",
  deleted: "it is no longer in the dataset",
  exists: "its id is in use, or its file in a sample added since",
  already: "the same was decided at the same moment",
  no_field: "the label field was deleted or renamed",
  busy: "it was being changed at that moment; try again",
  too_large: "its document is too large to keep for undo",
  error: "the database refused the change",
};

export function explain(conflict: Conflict): string {
  const why = REASONS[conflict.reason] ?? conflict.reason;
  return conflict.reason === "relabeled"
    ? `expected ${conflict.expected || "no label"}, found ${conflict.found || "no label"}: ${why}`
    : why;
}

export function summary({ action, rows, reply, problem }: Result): string {
  if (problem) return problem.message;
  const applied = reply?.applied ?? 0;
  const kept = reply?.conflict_count ?? 0;
  const did = applied
    ? `${DONE[action] ?? action} ${plural(applied, "sample")}.`
    : "Nothing was changed.";
  if (kept) return `${did} ${plural(kept, "sample")} ${kept === 1 ? "was" : "were"} left alone.`;
  return applied || !rows ? did : `${did} These samples are decided already.`;
}

/** What is shown once another answer came: never good news of an earlier action in a later's place. */
export function lastOutcome(shown: Result | null, next: Result): Result {
  const bad = next.problem !== null || (next.reply?.conflict_count ?? 0) > 0;
  return !bad && shown && (shown.turn ?? 0) > (next.turn ?? 0) ? shown : next;
}
