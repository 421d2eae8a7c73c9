// Which rows a decision or an undo was answered for: what was asked about them before is stale.

const MOST = 1000;

export interface Answers {
  count: number;
  /** The number of the last answer about a row. */
  of: ReadonlyMap<number, number>;
}

export const NO_ANSWERS: Answers = { count: 0, of: new Map() };

/** After one more answer, which may have changed these rows, or have told that others did. */
export function answered(answers: Answers, rows: readonly number[]): Answers {
  const count = answers.count + 1;
  const of = new Map(answers.of);
  for (const row of rows) {
    of.delete(row);
    of.set(row, count);
  }
  for (const old of [...of.keys()].slice(0, -MOST)) of.delete(old);
  return { count, of };
}

/** Whether what was asked about a row, after so many answers, tells how it is now. */
export const isFresh = (answers: Answers, row: number, asked: number) =>
  (answers.of.get(row) ?? 0) <= asked;
