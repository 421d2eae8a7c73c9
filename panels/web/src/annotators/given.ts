// The filter by votes: the samples on which one person voted, or confused two classes.
import { isIndex, isObject } from "../kept";

export interface Given {
  annotator: string;
  /** The class that was voted for, and the one that is likely; null for any. */
  said: number | null;
  meant: number | null;
}

/** Whether what was kept is such a filter, or none, of an iteration with so many classes. */
export function isGiven(classes: number) {
  const isClass = (value: unknown) => value === null || (isIndex(value) && value < classes);
  return (value: unknown): value is Given | null =>
    value === null ||
    (isObject(value) &&
      typeof value.annotator === "string" &&
      isClass(value.said) &&
      isClass(value.meant));
}

export const everyVoteOf = (annotator: string): Given => ({ annotator, said: null, meant: null });
