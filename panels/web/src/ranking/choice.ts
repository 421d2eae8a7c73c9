// What a ranking is made of: the score, the threshold and the class; and how they are said.
import type { RankBy, RankingReply } from "../events";
import { fixed } from "../format";
import { isIndex, isNumber, isObject } from "../kept";
import type { Settled } from "../useDecisions";

export interface RankingChoice {
  by: RankBy;
  above: number | null;
  label: number | null;
}

export const FIRST: RankingChoice = { by: "confidence", above: null, label: null };

export interface Score {
  name: string;
  /** What a single value is called. */
  value: string;
  about: string;
}

export const SCORES: Record<RankBy, Score> = {
  confidence: {
    name: "Suspects by confidence",
    value: "confidence",
    about: "Suspects, the most confident prediction first.",
  },
  suspicion: {
    name: "Suspicion",
    value: "suspicion",
    about: "All samples, by the log-odds of the most probable other class over the label.",
  },
  importance: {
    name: "Importance",
    value: "importance",
    about: "All samples, by sensitivity within their class (distance and leverage).",
  },
  disagreement: {
    name: "Neighbour disagreement",
    value: "share of other labels",
    about: "All samples, by the share of nearest neighbours with another label.",
  },
  cleanlab: {
    name: "cleanlab",
    value: "1 − label quality",
    about: "All samples, the lowest label quality first.",
  },
  both: {
    name: "Reported by cleanlab, by suspicion",
    value: "suspicion",
    about:
      "Label issues that cleanlab reports, by suspicion; above 0 another class is more probable.",
  },
  votes: {
    name: "Votes probably wrong",
    value: "probability that the vote is wrong",
    about: "Samples that people voted on, the vote that is most probably wrong first.",
  },
};

/** Whether what was kept is a ranking of an iteration with so many classes. */
export function isChoice(classes: number) {
  return (value: unknown): value is RankingChoice =>
    isObject(value) &&
    Object.hasOwn(SCORES, String(value.by)) &&
    (value.above === null || isNumber(value.above)) &&
    (value.label === null || (isIndex(value.label) && value.label < classes));
}

/** A value with as many digits as tell neighbours apart. */
export function written(value: number, lowest: number, highest: number): string {
  const range = highest - lowest;
  const digits = range > 0 ? Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(range)))) : 2;
  return fixed(value, digits);
}

/** A ranking without the rows that decisions after it have settled. */
export function without(reply: RankingReply, settled: readonly Settled[]): RankingReply {
  const gone = new Set(
    settled.filter((one) => one.revision > reply.revision).flatMap((one) => [...one.rows]),
  );
  const stays = reply.rows.map((row) => !gone.has(row));
  const fewer = stays.filter((stay) => !stay).length;
  if (!fewer) return reply;
  const keep = <T>(values: T[]): T[] => values.filter((_, i) => stays[i]);
  return {
    ...reply,
    total: reply.total - fewer,
    open: reply.open - fewer,
    rows: keep(reply.rows),
    ids: keep(reply.ids),
    samples: keep(reply.samples),
    labels: keep(reply.labels),
    predictions: keep(reply.predictions),
    values: keep(reply.values),
  };
}

/** Rows by the class that each is predicted as, in the order of the rows. */
export function byPrediction(
  rows: readonly number[],
  prediction: (row: number) => number,
): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const group = groups.get(prediction(row));
    if (group) group.push(row);
    else groups.set(prediction(row), [row]);
  }
  return groups;
}
