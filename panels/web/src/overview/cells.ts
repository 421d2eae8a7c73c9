// The overview's cells as the screen wants them: grouped by label, merged page by page.
import type { CellColumns } from "../events";

export const BINS = 20;
/** No IIES is less: the prediction is at least as probable as the label (equation 2). */
export const LEAST_IIES = 0.5;

/** The bin, with its fraction, at which the least IIES lies: bins go from 1/classes to 1. */
export function firstBin(classes: number): number {
  const low = classes > 1 ? 1 / classes : 0;
  return ((LEAST_IIES - low) / (1 - low)) * BINS;
}

export interface Cell {
  cell: number;
  label: number;
  prediction: number;
  open: number;
  suspects: number;
  errors: number;
  duplicates: boolean;
  bars: number[];
}

export function cellsOf(columns: CellColumns): Cell[] {
  return columns.cell.map((cell, i) => ({
    cell,
    label: columns.label[i] as number,
    prediction: columns.prediction[i] as number,
    open: columns.open[i] as number,
    suspects: columns.suspects[i] as number,
    errors: columns.errors[i] as number,
    duplicates: columns.duplicates[i] as boolean,
    bars: columns.bars.slice(i * BINS, (i + 1) * BINS),
  }));
}

/** Cells by label, in the order of the reply: the correct cell first, then by count. */
export function byLabel(columns: CellColumns): Map<number, Cell[]> {
  const groups = new Map<number, Cell[]>();
  for (const cell of cellsOf(columns)) {
    const group = groups.get(cell.label);
    if (group) group.push(cell);
    else groups.set(cell.label, [cell]);
  }
  return groups;
}

/** Horizontal bars as one SVG path: the lowest bin at the bottom, length by number of samples. */
export function barsPath(bars: readonly number[], width: number, height: number): string {
  const most = Math.max(...bars);
  if (most <= 0) return "";
  const step = height / bars.length;
  return bars
    .map((count, bin) => {
      if (count <= 0) return "";
      const length = Math.max(1.5, (count / most) * width);
      const top = height - (bin + 1) * step;
      return `M0 ${round(top)}h${round(length)}v${round(step * 0.82)}h${round(-length)}z`;
    })
    .join("");
}

const round = (value: number) => Math.round(value * 100) / 100;

/** How blue a cell is, 0 to 1: by its share of the largest cell, on a root scale so that small ones show. */
export function saturation(open: number, largest: number): number {
  return largest > 0 ? Math.sqrt(Math.min(1, open / largest)) : 0;
}
