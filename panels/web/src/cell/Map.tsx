// The map of a cell: its images where their likeness puts them, with zoom, pan, click and lasso.
import { select } from "d3-selection";
import { type ZoomBehavior, zoom, zoomIdentity } from "d3-zoom";
import * as React from "react";
import { count } from "../format";
import type { Tool } from "../parts/DragTool";
import { edgeFor } from "../parts/sizes";
import type { Thumbnails } from "../thumbnails";
import { useThumbnails } from "../useThumbnails";
import { onScreen, paint } from "./paint";
import {
  between,
  type Drawn,
  drawnIn,
  type Frame,
  GRID_MARGIN,
  type Grid,
  neighbour,
  type Point,
  place,
  rowAt,
  rowsIn,
} from "./scene";

export interface MapHandle {
  zoomBy: (factor: number) => void;
  fit: () => void;
}

interface Props {
  points: Point[];
  thumbnails: Thumbnails;
  version: number;
  selected: ReadonlySet<number>;
  /** Rows that may not be chosen: outside FiftyOne's view or the IIES range. */
  faint: ReadonlySet<number>;
  focus: number | null;
  /** Where each picture has a place of its own. */
  grid: Grid | null;
  /** The least side of a picture: what there is no room for comes when one zooms in. */
  size: number;
  /** Told the width over the height, roughly. */
  onAspect: (aspect: number) => void;
  tool: Tool;
  label: string;
  onClick: (row: number | null, more: boolean) => void;
  onLasso: (rows: number[], more: boolean) => void;
  onFocus: (row: number) => void;
}

const MOVE_MS = 450;
const REST_MS = 150;

interface Move {
  from: Map<number, Point>;
  start: number;
}

export const CellMap = React.forwardRef<MapHandle, Props>(function CellMap(props, ref) {
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const box = React.useRef<HTMLDivElement>(null);
  const frame = React.useRef<Frame>({ width: 0, height: 0, k: 1, x: 0, y: 0 });
  const latest = React.useRef(props);
  latest.current = props;
  const lasso = React.useRef<[number, number][] | null>(null);
  const shown = React.useRef(new Map<number, Point>());
  const [number, setNumber] = React.useState(0);
  const drawn = React.useRef<Drawn>({ points: [], side: 0, rest: [] });
  /** What that was worked out from. */
  const known = React.useRef<unknown[]>([]);
  const move = React.useRef<Move | null>(null);
  const pending = React.useRef(0);
  const zoomer = React.useRef<ZoomBehavior<HTMLCanvasElement, unknown> | null>(null);
  const space = React.useRef(false);

  const [edge, setEdge] = React.useState(props.thumbnails.edge);
  const sharp = useThumbnails(edge);
  const sharpVersion = React.useSyncExternalStore(sharp.subscribe, sharp.snapshot);
  const sharpRef = React.useRef(sharp);
  sharpRef.current = sharp;
  const resting = React.useRef(0);

  /** Asks for pictures as sharp as they are large, once nothing moves any more. */
  const rest = React.useCallback(() => {
    const { side, points } = drawn.current;
    const now = frame.current;
    const needed = edgeFor(side);
    const small = latest.current.thumbnails;
    if (side * (window.devicePixelRatio || 1) <= small.edge * 1.1) return;
    setEdge(needed);
    if (sharpRef.current.edge !== needed) return;
    const seen = points.filter((point) => onScreen(place(point, now), side / 2, now));
    sharpRef.current.want(seen.map(({ row }) => row));
  }, []);

  const draw = React.useCallback(() => {
    pending.current = 0;
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const current = latest.current;
    const { points, grid, size, faint } = current;
    frame.current = { ...frame.current, margin: grid ? GRID_MARGIN : undefined };
    const now = frame.current;
    const asked = [points, grid, size, faint, now.width, now.height, now.k];
    if (asked.some((one, at) => one !== known.current[at])) {
      known.current = asked;
      drawn.current = drawnIn(points, now, size, grid, faint);
      move.current = movesFrom(shown.current, drawn.current.points);
      element.dataset.drawn = String(drawn.current.points.length);
      setNumber(drawn.current.points.length);
    }
    let on = drawn.current.points;
    if (move.current) {
      const share = Math.min(1, (performance.now() - move.current.start) / MOVE_MS);
      on = between(move.current.from, on, share);
      if (share >= 1) move.current = null;
    }
    shown.current = new Map(on.map((point) => [point.row, point]));
    const those = { ...drawn.current, points: on, rest: grid ? [] : drawn.current.rest };
    const look = { ...current, sharp: sharpRef.current };
    paint(context, element, those, look, now, lasso.current);
    if (move.current) pending.current = window.requestAnimationFrame(draw);
    window.clearTimeout(resting.current);
    resting.current = window.setTimeout(rest, REST_MS);
  }, [rest]);

  const schedule = React.useCallback(() => {
    if (!pending.current) pending.current = window.requestAnimationFrame(draw);
  }, [draw]);

  React.useEffect(
    () => () => {
      window.cancelAnimationFrame(pending.current);
      window.clearTimeout(resting.current);
    },
    [],
  );

  const { points, version, selected, faint, focus, grid, size } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of them changes the picture
  React.useEffect(schedule, [
    schedule,
    points,
    version,
    sharpVersion,
    sharp,
    selected,
    faint,
    focus,
    grid,
    size,
  ]);

  React.useEffect(() => {
    const element = canvas.current;
    const container = box.current;
    if (!element || !container) return;
    const behaviour = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([0.5, 40])
      .filter((event: MouseEvent & WheelEvent) => {
        if (event.type === "wheel") return true;
        if (event.type === "dblclick") return false;
        return latest.current.tool === "pan" || space.current || event.button === 1;
      })
      .on("zoom", ({ transform }) => {
        frame.current = { ...frame.current, k: transform.k, x: transform.x, y: transform.y };
        schedule();
      });
    zoomer.current = behaviour;
    select(element).call(behaviour).on("dblclick.zoom", null);
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      const ratio = window.devicePixelRatio || 1;
      element.width = Math.max(1, Math.round(width * ratio));
      element.height = Math.max(1, Math.round(height * ratio));
      frame.current = { ...frame.current, width, height };
      // In steps: a few pixels more need no other grid.
      if (width && height)
        latest.current.onAspect(2 ** (Math.round(4 * Math.log2(width / height)) / 4));
      draw();
    });
    observer.observe(container);
    return () => observer.disconnect();
  }, [draw, schedule]);

  React.useImperativeHandle(
    ref,
    () => ({
      zoomBy: (factor) => {
        if (canvas.current) zoomer.current?.scaleBy(select(canvas.current), factor);
      },
      fit: () => {
        if (canvas.current) zoomer.current?.transform(select(canvas.current), zoomIdentity);
      },
    }),
    [],
  );

  const at = (event: React.PointerEvent | React.MouseEvent): [number, number] => {
    const bounds = canvas.current?.getBoundingClientRect();
    return [event.clientX - (bounds?.left ?? 0), event.clientY - (bounds?.top ?? 0)];
  };
  const hit = (position: [number, number]) =>
    rowAt(drawn.current.points, frame.current, drawn.current.side, position);
  const start = (event: React.PointerEvent) => {
    if (event.button !== 0 || props.tool !== "lasso" || space.current) return;
    canvas.current?.setPointerCapture(event.pointerId);
    lasso.current = [at(event)];
  };
  const drag = (event: React.PointerEvent) => {
    if (lasso.current) {
      lasso.current.push(at(event));
      schedule();
    } else if (canvas.current) {
      canvas.current.style.cursor =
        hit(at(event)) !== null ? "pointer" : props.tool === "pan" ? "grab" : "crosshair";
    }
  };
  const end = (event: React.PointerEvent) => {
    const path = lasso.current;
    lasso.current = null;
    if (!path) return;
    const more = event.shiftKey || event.ctrlKey || event.metaKey;
    if (travelled(path) < 6) props.onClick(hit(path[0] as [number, number]), more);
    else props.onLasso(rowsIn(drawn.current.points, frame.current, path), more);
    schedule();
  };
  const click = (event: React.MouseEvent) => {
    if (props.tool === "pan") {
      props.onClick(hit(at(event)), event.shiftKey || event.ctrlKey || event.metaKey);
    }
  };
  const key = (event: React.KeyboardEvent) => {
    if (event.key === " ") {
      event.preventDefault();
      if (event.shiftKey && props.focus !== null) props.onClick(props.focus, true);
      else space.current = true;
      return;
    }
    if (event.key === "Enter" && props.focus !== null) {
      event.preventDefault();
      props.onClick(props.focus, true);
      return;
    }
    const next = neighbour(drawn.current.points, props.focus, event.key);
    if (next === null || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    props.onFocus(next);
  };
  return (
    <div ref={box} className="dcf-map">
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: arrow keys go from image to image */}
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={props.label}
        data-points={points.length}
        onPointerDown={start}
        onPointerMove={drag}
        onPointerUp={end}
        onPointerCancel={() => {
          lasso.current = null;
          schedule();
        }}
        onClick={click}
        onKeyDown={key}
        onKeyUp={(event) => {
          if (event.key === " ") space.current = false;
        }}
      />
      <span className="dcf-map-note" role="status" data-testid="drawn">
        {number < points.length &&
          `${count(number)} of ${count(points.length)} drawn, zoom in for more`}
      </span>
    </div>
  );
});

/** How pictures get to new places; null where none has another one, or none is to move. */
function movesFrom(from: ReadonlyMap<number, Point>, to: readonly Point[]): Move | null {
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return null;
  const moved = to.some(({ row, x, y }) => {
    const old = from.get(row);
    return old && (Math.abs(old.x - x) > 1e-4 || Math.abs(old.y - y) > 1e-4);
  });
  return moved ? { from: new Map(from), start: performance.now() } : null;
}

function travelled(path: [number, number][]): number {
  const [x, y] = path[0] ?? [0, 0];
  return Math.max(...path.map(([px, py]) => Math.hypot(px - x, py - y)));
}
