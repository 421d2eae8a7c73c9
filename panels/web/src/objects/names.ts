// What things, labels and predictions are called: of objects and tags, one more class is nothing.
import * as React from "react";
import type { IterationInfo } from "../events";
import { useSession } from "../session";

export const NO_LABEL = "(no label)";
export const NOTHING_THERE = "(nothing there)";

/** What a row is. */
export type Thing = "sample" | "object" | "tag";

export interface Names {
  thing: Thing;
  /** The index that stands for nothing; null where rows are whole samples. */
  nothing: number | null;
  label: (index: number) => string;
  prediction: (index: number) => string;
}

export const thingOf = ({ objects, tags }: Pick<IterationInfo, "objects" | "tags">): Thing =>
  tags ? "tag" : objects ? "object" : "sample";

export function namesOf(classes: readonly string[], thing: Thing): Names {
  const nothing = thing === "sample" ? null : classes.length;
  const named = (name: string) => (index: number) =>
    index === nothing ? name : (classes[index] ?? "");
  return { thing, nothing, label: named(NO_LABEL), prediction: named(NOTHING_THERE) };
}

export function useNames(): Names {
  const { classes, iteration } = useSession();
  const thing = thingOf(iteration);
  return React.useMemo(() => namesOf(classes, thing), [classes, thing]);
}

/** What one row of the iteration is called. */
export function useNoun(): Thing {
  return thingOf(useSession().iteration);
}
