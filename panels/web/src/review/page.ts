// A page of pictures that is judged as a whole: which they are, and what is done with which of them.

export interface Judged {
  row: number;
  label: number;
  prediction: number;
}

/** What holds for all pictures of a page but the exceptions: their label, or their prediction. */
export type Right = "label" | "prediction";
/** What becomes of the exceptions: nothing yet, or the other one of the two. */
export type Others = "open" | "other";

export interface Held {
  key: string;
  rows: readonly number[];
}

/**
 * The rows of the page that begins at `start`, at most `size`.
 *
 * A page that is `held` under the same key stays as it is, but for rows that left the list or have
 * no room any more: no picture comes to it while somebody looks for exceptions.
 */
export function pageOf(
  list: readonly number[],
  start: number,
  size: number,
  held: Held,
  key: string,
): number[] {
  if (held.key === key) {
    const there = new Set(list);
    const stay = held.rows.filter((row) => there.has(row));
    if (stay.length) return stay.slice(0, size);
  }
  return list.slice(startOf(list.length, start, size), startOf(list.length, start, size) + size);
}

/** Where a page begins that is wanted at `start`: the last one there is, where that is beyond all. */
export function startOf(total: number, start: number, size: number): number {
  if (start < total || !size) return Math.max(0, start);
  return Math.max(0, Math.ceil(total / size) - 1) * size;
}

export interface Shares {
  /** Those that are right. */
  rest: number[];
  /** Exceptions that get the other one of label and prediction. */
  given: number[];
  /** Those that nothing is decided on. */
  open: number[];
}

/** What is done with the samples of a page; what cannot be seen stays open. */
export function shares(
  page: readonly Judged[],
  excepted: ReadonlySet<number>,
  unseen: ReadonlySet<number>,
  others: Others,
): Shares {
  const result: Shares = { rest: [], given: [], open: [] };
  for (const { row, label, prediction } of page) {
    if (unseen.has(row)) result.open.push(row);
    else if (!excepted.has(row)) result.rest.push(row);
    // An exception to what is both its label and its prediction is neither.
    else if (others === "other" && label !== prediction) result.given.push(row);
    else result.open.push(row);
  }
  return result;
}
