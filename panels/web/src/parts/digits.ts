// Which key gives which class: the same one for all samples, or by how probable the classes are.
import type { SampleInfo } from "../events";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];

/** With more classes than this not all are listed, so that digits cannot stay where they are. */
export const LISTED_UP_TO = 20;

export type DigitOrder = "class" | "probability";

export interface Listed {
  label: number;
  /** Null for a class that is less probable than those that are known. */
  p: number | null;
  key: string;
}

/** The key of each class on offer: its own digit where they are digits, otherwise its place. */
export function keysOf(names: readonly string[]): string[] {
  const digits = names.every((name) => /^\d$/.test(name));
  return names.map((name, at) => (digits ? name : (DIGITS[at] ?? "")));
}

/** The classes to choose from for a sample, in their order, each with its key. */
export function listed(
  sample: Pick<SampleInfo, "probabilities">,
  names: readonly string[],
  order: DigitOrder,
): Listed[] {
  if (order === "probability" || names.length > LISTED_UP_TO) {
    return sample.probabilities.map(({ label, p }, at) => ({ label, p, key: DIGITS[at] ?? "" }));
  }
  const known = new Map(sample.probabilities.map(({ label, p }) => [label, p]));
  const keys = keysOf(names);
  return names.map((_, label) => ({ label, p: known.get(label) ?? null, key: keys[label] ?? "" }));
}
