// Moving through the overview by keyboard.

/** Where an arrow key leads in rows of different lengths; null for any other key. */
export function moved(
  key: string,
  [row, column]: [number, number],
  rows: number,
  length: (row: number) => number,
): [number, number] | null {
  const clamp = (r: number, c: number): [number, number] => {
    const to = Math.max(0, Math.min(rows - 1, r));
    return [to, Math.max(0, Math.min(length(to) - 1, c))];
  };
  switch (key) {
    case "ArrowUp":
      return clamp(row - 1, column);
    case "ArrowDown":
      return clamp(row + 1, column);
    case "ArrowLeft":
      return clamp(row, column - 1);
    case "ArrowRight":
      return clamp(row, column + 1);
    case "Home":
      return clamp(row, 0);
    case "End":
      return clamp(row, Number.MAX_SAFE_INTEGER);
    case "PageUp":
      return clamp(row - 8, column);
    case "PageDown":
      return clamp(row + 8, column);
    default:
      return null;
  }
}
