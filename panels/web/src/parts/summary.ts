// What became of an action, in words.
import type { Conflict, Decided } from "../events";
import { count, plural } from "../format";
import type { Outcome as Result } from "../useDecisions";

const DONE: Record<string, string> = {
  relabel: "Relabelled",
  confirm: "Confirmed",
  remove: "Removed",
  tag: "Tagged",
  add: "Added",
  move: "Moved",
  settle: "Settled",
  keep_one: "Removed",
  keep_all: "Kept",
  relabel_alike: "Relabelled",
  undo: "Undone for",
  redo: "Redone for",
};

const REASONS: Record<string, string> = {
  relabeled: "somebody gave it another label meanwhile",
  moved: "somebody gave it another outline meanwhile",
  no_label: "it has no label that could be changed",
  unseen: "the model sees nothing there to take the outline of",
  mask: "it has a mask, which another outline would warp",
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

/** The labels that the samples of a decision had: "shirt", or "shirt, hat, …". */
export function labelsBefore({ before, others }: Pick<Decided, "before" | "others">): string {
  const names = before.map((name) => name || "no label").join(", ");
  return others ? `${names}, …` : names;
}

/** What labels were, and what a decision made of them; null where that is no other. */
export function sides(what: Decided): { from: string; to: string | null } {
  // Where nothing was labelled, and nothing is to be.
  if (what.action === "confirm" && what.before.every((name) => !name))
    return { from: "nothing to label", to: null };
  if (what.action === "add") return { from: what.label ?? "label", to: null };
  const from = labelsBefore(what);
  if (what.action === "relabel") return { from, to: what.label ?? "" };
  if (what.action === "move") return { from, to: "another outline" };
  return { from, to: what.action === "tag" ? `tagged ${what.tag ?? ""}` : null };
}

/** What a decision did to labels: "shirt → skirt"; the label alone where it stayed. */
export function change(what: Decided): string {
  const { from, to } = sides(what);
  if (to === null) return from;
  return what.action === "relabel" ? `${from} → ${to}` : `${from}, ${to}`;
}

const DID: Record<string, string> = {
  add: "added ",
  move: "moved ",
  relabel: "",
  confirm: "confirmed ",
  remove: "removed ",
  tag: "",
  keep_all: "kept ",
};

/** The same as a sentence part, such as "confirmed shirt" or "3 samples: shirt → skirt". */
export function nameOf(what: Decided, noun = "sample"): string {
  const many = what.samples > 1 ? `${plural(what.samples, noun)}: ` : "";
  return `${many}${DID[what.action] ?? ""}${change(what)}`;
}

/** Why samples were left alone, in one line; several reasons by how many each holds for. */
function why(conflicts: readonly Conflict[], all: number): string {
  const texts = new Map<string, number>();
  for (const conflict of conflicts) {
    const text = all === 1 ? explain(conflict) : (REASONS[conflict.reason] ?? conflict.reason);
    texts.set(text, (texts.get(text) ?? 0) + 1);
  }
  const listed = [...texts].sort((a, b) => b[1] - a[1]);
  if (listed.length === 1 && listed[0]) return listed[0][0];
  return listed.map(([text, n]) => `${count(n)} × ${text}`).join("; ");
}

/** `noun` is what decisions are made on. */
export function summary({ action, rows, reply, problem }: Result, noun = "sample"): string {
  if (problem) return problem.message;
  const applied = reply?.applied ?? 0;
  const kept = reply?.conflict_count ?? 0;
  const name = action === "undo" && reply?.what?.again ? "redo" : action;
  const parts = [
    applied ? `${DONE[name] ?? name} ${plural(applied, noun)}.` : "Nothing was changed.",
  ];
  if (kept) {
    const reason = why(reply?.conflicts ?? [], kept);
    const left = `${plural(kept, noun)} ${kept === 1 ? "was" : "were"} left alone`;
    parts.push(reason ? `${left}: ${reason}.` : `${left}.`);
  } else if (!applied && rows) parts.push(`These ${noun}s are reviewed already.`);
  const fields = Object.keys(reply?.left_out ?? {}).sort();
  if (fields.length) {
    const values = fields.map((field) => `“${field}”`).join(", ");
    parts.push(
      `Came back without ${values}, which the dataset no longer has; the journal keeps it.`,
    );
  }
  return parts.join(" ");
}

/** Whether something should be read, not only noticed. */
export function isBad({ problem, reply }: Result): boolean {
  return problem !== null || (reply?.conflict_count ?? 0) > 0;
}

/** What is shown once another answer came: never good news of an earlier action in a later's place. */
export function lastOutcome(shown: Result | null, next: Result): Result {
  return !isBad(next) && shown && (shown.turn ?? 0) > (next.turn ?? 0) ? shown : next;
}
