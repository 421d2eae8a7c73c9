// The screens there are, and which of them can be come back to.
import { isIndex, isObject } from "./kept";

export type Screen =
  | { name: "overview" | "map" | "duplicates" | "progress" | "ranking" }
  | { name: "cell"; label: number; prediction: number }
  | { name: "queue"; cell: [number, number] | null; ranked?: boolean };

const PLAIN = ["overview", "map", "duplicates", "progress", "ranking"];

/** Whether what was kept is a screen of an iteration with so many classes. */
export function isScreen(classes: number) {
  // Of objects the index after the last class is nothing.
  const isClass = (value: unknown) => isIndex(value) && value < classes;
  return (value: unknown): value is Screen => {
    if (!isObject(value)) return false;
    if (value.name === "cell") return isClass(value.label) && isClass(value.prediction);
    if (value.name !== "queue") return PLAIN.includes(value.name as string);
    const { cell } = value;
    return cell === null || (Array.isArray(cell) && cell.length === 2 && cell.every(isClass));
  };
}
