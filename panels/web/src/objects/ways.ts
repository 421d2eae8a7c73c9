// What can be done with an object, by what is likely wrong with it.
import type { ObjectAction, ObjectInfo } from "../events";
import type { Names } from "./names";
import { isAgreed, seenClass } from "./Sentence";

export interface Way {
  action: ObjectAction;
  label?: string;
  text: string;
}

/** What the model says should be done; null where it says nothing. */
export function proposedFor(object: ObjectInfo, names: Names): Way | null {
  const seen = seenClass(object, names.nothing);
  if (isAgreed(object) || (object.kind === "placement" && !object.seen)) return null;
  return wayTo(object.label, seen, names);
}

/** What makes of a label what is seen there. */
export function wayTo(label: number, seen: number, names: Names): Way | null {
  const name = names.prediction(seen);
  if (label === names.nothing)
    return seen === names.nothing ? null : { action: "add", label: name, text: `Add “${name}”` };
  if (seen === names.nothing) return { action: "remove", text: removeText(names) };
  if (seen === label) return { action: "move", text: "Take the predicted outline" };
  return { action: "relabel", label: name, text: `Relabel as “${name}”` };
}

export const removeText = ({ thing }: Names) => `Remove the ${thing === "tag" ? "tag" : "label"}`;

/** What confirming says. */
export function confirmText(label: number, names: Names): string {
  if (label !== names.nothing) return `Confirm “${names.label(label)}”`;
  return names.thing === "tag" ? "Not there" : "Nothing to label here";
}

/** What giving a class does: an object without a label gets one. */
export const givesClass = (label: number, names: Names): "add" | "relabel" =>
  label === names.nothing ? "add" : "relabel";

/** Less probable classes are listed by their index alone. */
const LEAST = 0.001;

/** The classes that an object may be, most probable first, without its label and nothing. */
export function otherClasses(object: ObjectInfo, names: Names): { label: number; p: number }[] {
  return object.probabilities.filter(
    ({ label, p }) => p >= LEAST && label !== object.label && label !== names.nothing,
  );
}
