// The last press that did not count, for the sign that says so.
import type { Why } from "./gate";

export interface Dropped {
  why: Reason;
  /** Grows, so that the same reason twice is two signs. */
  number: number;
}

/** A gate's, or that there is nothing to judge by. */
type Reason = Why | "blank";

const TEXTS: Record<Reason, string> = {
  unseen: "Too early: the next image was not drawn yet",
  early: "Too early: this image has only just come",
  again: "Decided already",
  twice: "Pressed twice, counted once",
  changed: "Another image came meanwhile: nothing was done",
  held: "A held key counts once",
  busy: "The last decision is still under way",
  none: "Nothing is selected",
  blank: "It cannot be shown: skip or remove it",
};

let last: Dropped | null = null;
const listeners = new Set<() => void>();

/** Says that a press did not count. */
export function drop(why: Reason) {
  last = { why, number: (last?.number ?? 0) + 1 };
  for (const listener of listeners) listener();
}

export const textOf = (why: Reason) => TEXTS[why];
export const lastDropped = () => last;
export function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
