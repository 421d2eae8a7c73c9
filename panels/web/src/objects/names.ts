// What labels and predictions are called: of objects, one more than the classes is nothing.
import * as React from "react";
import { useSession } from "../session";

export const NO_LABEL = "(no label)";
export const NOTHING_THERE = "(nothing there)";

export interface Names {
  /** The index that stands for nothing; null where rows are whole samples. */
  nothing: number | null;
  label: (index: number) => string;
  prediction: (index: number) => string;
}

export function namesOf(classes: readonly string[], objects: boolean): Names {
  const nothing = objects ? classes.length : null;
  const named = (name: string) => (index: number) =>
    index === nothing ? name : (classes[index] ?? "");
  return { nothing, label: named(NO_LABEL), prediction: named(NOTHING_THERE) };
}

export function useNames(): Names {
  const { classes, iteration } = useSession();
  return React.useMemo(() => namesOf(classes, iteration.objects), [classes, iteration.objects]);
}

/** What one row of the iteration is called. */
export function useNoun(): "object" | "sample" {
  return useSession().iteration.objects ? "object" : "sample";
}
