// How large pictures are shown: chosen by a slider or Ctrl and the wheel, kept per dataset and browser.
import * as React from "react";
import { isNumber, useKept } from "../kept";

export const SMALLEST = 56;
export const LARGEST = 400;
const USUAL = 104;
const WHEEL_STEP = 1.12;
/** Sides of thumbnails that are made and kept on disk. */
const EDGES = [128, 256, 512];

export const within = (size: number) => Math.round(Math.min(LARGEST, Math.max(SMALLEST, size)));

/** As many columns as come closest to pictures of `size` pixels that fill the width. */
export function columnsFor(width: number, size: number, gap: number): number {
  return Math.max(1, Math.round((width - gap) / (size + gap)));
}

/** The side with which columns fill the width, gaps at both ends included. */
export function sideFor(width: number, columns: number, gap: number): number {
  return Math.max(1, Math.floor((width - gap) / columns) - gap);
}

/** What side by side may lose in size: it is how pictures are compared. */
const BESIDE = 0.85;

/** The side with which pictures fill a box without scrolling, each with a text below. */
export function sideToFit(
  pictures: number,
  room: { width: number; height: number },
  gap: number,
  frame: { width: number; height: number },
): number {
  let best = 0;
  for (let columns = pictures; columns >= 1; columns--) {
    const lines = Math.ceil(pictures / columns);
    const wide = (room.width - gap * (columns - 1)) / columns - frame.width;
    const tall = (room.height - gap * (lines - 1)) / lines - frame.height;
    const side = Math.min(wide, tall);
    if (best < BESIDE * side) best = side;
  }
  return Math.floor(best);
}

/** The thumbnails that a picture of a side needs on this display, so that it is not blurred. */
export function edgeFor(side: number): number {
  const pixels = side * Math.min(2, window.devicePixelRatio || 1);
  return EDGES.find((edge) => pixels <= edge * 1.1) ?? (EDGES.at(-1) as number);
}

/** The least side of a picture on the map of a cell. */
export const SMALLEST_ON_MAP = 16;
const USUAL_ON_MAP = 24;

export function useMapSize() {
  return useKept("map/size", USUAL_ON_MAP, isNumber);
}

/** Side of a picture in grids, of a cell and of a ranking. */
export function useGridSize() {
  return useKept("grid/size", USUAL, isNumber);
}

export function useGridEdge(): number {
  const [size] = useGridSize();
  return edgeFor(size);
}

/** Ctrl and the wheel, or two fingers, over an element: another size, and no zoom of the page. */
export function useCtrlWheel(
  element: React.RefObject<HTMLElement | null>,
  size: number,
  onSize: (size: number) => void,
) {
  const latest = React.useRef({ size, onSize });
  latest.current = { size, onSize };
  React.useEffect(() => {
    const over = element.current;
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const next = within(latest.current.size * (event.deltaY < 0 ? WHEEL_STEP : 1 / WHEEL_STEP));
      // Several turns may come before anything is drawn anew.
      latest.current.size = next;
      latest.current.onSize(next);
    };
    over?.addEventListener("wheel", turn, { passive: false });
    return () => over?.removeEventListener("wheel", turn);
  }, [element]);
}
