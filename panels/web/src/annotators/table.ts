// Annotators as rows of a table, searched and sorted; and the confusions of one, by what was meant.
import type { AnnotatorReply, AnnotatorsReply } from "../events";
import { BINS } from "../overview/cells";

export interface Annotator {
  name: string;
  votes: number;
  accuracy: number;
  low: number;
  high: number;
  meant: number;
  said: number;
  confused: number;
  wrong: number;
}

export type SortBy = "name" | "votes" | "accuracy" | "confused" | "wrong";

export interface Sorting {
  by: SortBy;
  down: boolean;
}

export function rowsOf(reply: AnnotatorsReply): Annotator[] {
  return reply.name.map((name, at) => ({
    name,
    votes: reply.votes[at] ?? 0,
    accuracy: reply.accuracy[at] ?? 0,
    low: reply.low[at] ?? 0,
    high: reply.high[at] ?? 1,
    meant: reply.meant[at] ?? -1,
    said: reply.said[at] ?? -1,
    confused: reply.confused[at] ?? 0,
    wrong: reply.wrong[at] ?? 0,
  }));
}

/** Those with `search` in their name; equal ones stay in the order of their votes. */
export function arranged(rows: readonly Annotator[], search: string, { by, down }: Sorting) {
  const wanted = search.trim().toLocaleLowerCase();
  const found = rows.filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
  const sign = down ? -1 : 1;
  return found.sort((a, b) =>
    by === "name" ? sign * a.name.localeCompare(b.name) : sign * (a[by] - b[by]),
  );
}

/** The sorting after a click on a column's head: the other way round, or what one looks for first. */
export function sortedBy(by: SortBy, now: Sorting): Sorting {
  if (now.by === by) return { by, down: !now.down };
  return { by, down: by !== "name" && by !== "accuracy" };
}

export interface Confusion {
  meant: number;
  said: number;
  votes: number;
  open: number;
  bars: number[];
}

/** Confusions of open samples by what was meant, in the order of the reply, of confused classes alone. */
export function confused(reply: AnnotatorReply): Confusion[][] {
  const groups = new Map<number, Confusion[]>();
  reply.meant.forEach((meant, at) => {
    const bars = reply.bars.slice(at * BINS, (at + 1) * BINS);
    const [said, votes, open] = [reply.said[at] ?? 0, reply.votes[at] ?? 0, reply.open[at] ?? 0];
    if (open) groups.set(meant, [...(groups.get(meant) ?? []), { meant, said, votes, open, bars }]);
  });
  return [...groups.values()].filter((group) => group.some(({ meant, said }) => meant !== said));
}
