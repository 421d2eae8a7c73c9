// Which part of a cell is shown, kept for the cell that was looked at last.
import { isIndex, isNumber, isObject, orNull, useKeptHere } from "../kept";

type Range = [number, number];

export interface Part {
  offset: number;
  /** The range of IIES that is not faint; null for all. */
  range: Range | null;
  /** The same where the cell is too large to be sent whole, so that it was asked for. */
  asked: Range | null;
}

const WHOLE: Part = { offset: 0, range: null, asked: null };

const isRange = orNull(
  (value: unknown): value is Range =>
    Array.isArray(value) && value.length === 2 && value.every(isNumber),
);

const isPart = (value: unknown): value is Part & { cell: string } =>
  isObject(value) &&
  typeof value.cell === "string" &&
  isIndex(value.offset) &&
  isRange(value.range) &&
  isRange(value.asked);

export function usePart(label: number, prediction: number): [Part, (part: Part) => void] {
  const cell = `${label}/${prediction}`;
  const [kept, setKept] = useKeptHere("cell/part", { cell, ...WHOLE }, isPart);
  return [kept.cell === cell ? kept : WHOLE, (part) => setKept({ cell, ...part })];
}
