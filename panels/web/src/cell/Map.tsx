// The map of a cell: its images where their likeness puts them, with zoom, pan, click and lasso.
import { select } from "d3-selection";
import { type ZoomBehavior, zoom, zoomIdentity } from "d3-zoom";
import * as React from "react";
import type { Tool } from "../parts/DragTool";
import type { Thumbnails, Tile } from "../thumbnails";
import {
  between,
  type Frame,
  GRID_MARGIN,
  type Grid,
  neighbour,
  type Point,
  pictureSide,
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
  /** Told the width over the height, roughly. */
  onAspect: (aspect: number) => void;
  tool: Tool;
  label: string;
  onClick: (row: number | null, more: boolean) => void;
  onLasso: (rows: number[], more: boolean) => void;
  onFocus: (row: number) => void;
}

const MOVE_MS = 450;

export const CellMap = React.forwardRef<MapHandle, Props>(function CellMap(props, ref) {
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const box = React.useRef<HTMLDivElement>(null);
  const frame = React.useRef<Frame>({ width: 0, height: 0, k: 1, x: 0, y: 0 });
  const latest = React.useRef(props);
  latest.current = props;
  const lasso = React.useRef<[number, number][] | null>(null);
  const shown = React.useRef(new Map<number, Point>());
  const move = React.useRef<{ from: Map<number, Point>; start: number } | null>(null);
  const pending = React.useRef(0);
  const zoomer = React.useRef<ZoomBehavior<HTMLCanvasElement, unknown> | null>(null);
  const space = React.useRef(false);

  const draw = React.useCallback(() => {
    pending.current = 0;
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const current = latest.current;
    let points = current.points;
    if (move.current) {
      const share = Math.min(1, (performance.now() - move.current.start) / MOVE_MS);
      points = between(move.current.from, points, share);
      if (share >= 1) move.current = null;
    }
    frame.current = { ...frame.current, margin: current.grid ? GRID_MARGIN : undefined };
    shown.current = new Map(points.map((point) => [point.row, point]));
    paint(context, element, points, current, frame.current, lasso.current);
    if (move.current) pending.current = window.requestAnimationFrame(draw);
  }, []);

  const schedule = React.useCallback(() => {
    if (!pending.current) pending.current = window.requestAnimationFrame(draw);
  }, [draw]);

  React.useEffect(() => () => window.cancelAnimationFrame(pending.current), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new layout moves the pictures
  React.useEffect(() => {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const moved = props.points.some((point) => {
      const old = shown.current.get(point.row);
      return old && (Math.abs(old.x - point.x) > 1e-4 || Math.abs(old.y - point.y) > 1e-4);
    });
    move.current =
      moved && !calm ? { from: new Map(shown.current), start: performance.now() } : null;
    schedule();
  }, [props.points]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each of them changes the picture
  React.useEffect(schedule, [props.version, props.selected, props.faint, props.focus]);

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
  const hit = (position: [number, number]) => {
    const { points, grid } = latest.current;
    return rowAt(points, frame.current, pictureSide(frame.current, points.length, grid), position);
  };
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
    else props.onLasso(rowsIn(props.points, frame.current, path), more);
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
    const next = neighbour(props.points, props.focus, event.key);
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
        data-points={props.points.length}
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
    </div>
  );
});

function travelled(path: [number, number][]): number {
  const [x, y] = path[0] ?? [0, 0];
  return Math.max(...path.map(([px, py]) => Math.hypot(px - x, py - y)));
}

function paint(
  context: CanvasRenderingContext2D,
  element: HTMLCanvasElement,
  points: Point[],
  { thumbnails, selected, faint, focus, grid }: Props,
  frame: Frame,
  lasso: [number, number][] | null,
) {
  const ratio = window.devicePixelRatio || 1;
  const style = getComputedStyle(element);
  const accent = style.getPropertyValue("--dcf-accent").trim() || "#ff6d04";
  const empty = style.getPropertyValue("--dcf-raised").trim() || "#444";
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, frame.width, frame.height);
  const side = pictureSide(frame, points.length, grid);
  const top: Point[] = [];
  const one = (point: Point) => {
    const [x, y] = place(point, frame);
    if (x < -side || y < -side || x > frame.width + side || y > frame.height + side) return;
    const tile = thumbnails.get(point.row);
    context.globalAlpha = faint.has(point.row) ? 0.14 : 1;
    const [w, h] = tile ? drawTile(context, tile, x, y, side) : [side * 0.7, side * 0.7];
    if (!tile) {
      context.fillStyle = empty;
      context.fillRect(x - w / 2, y - h / 2, w, h);
    }
    context.globalAlpha = 1;
    if (selected.has(point.row) || point.row === focus) {
      context.lineWidth = point.row === focus ? 3 : 2;
      context.strokeStyle = selected.has(point.row) ? accent : style.color;
      context.strokeRect(x - w / 2 - 1, y - h / 2 - 1, w + 2, h + 2);
    }
  };
  for (const point of points) {
    if (selected.has(point.row) || point.row === focus) top.push(point);
    else one(point);
  }
  for (const point of top) one(point);
  if (lasso && lasso.length > 1) {
    context.beginPath();
    lasso.forEach(([x, y], i) => {
      if (i) context.lineTo(x, y);
      else context.moveTo(x, y);
    });
    context.closePath();
    context.globalAlpha = 0.15;
    context.fillStyle = accent;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 1.5;
    context.strokeStyle = accent;
    context.stroke();
  }
}

function drawTile(
  context: CanvasRenderingContext2D,
  tile: Tile,
  x: number,
  y: number,
  side: number,
): [number, number] {
  const scale = side / Math.max(tile.width, tile.height);
  const [w, h] = [tile.width * scale, tile.height * scale];
  context.imageSmoothingEnabled = tile.edge > 16;
  context.drawImage(
    tile.picture,
    tile.x,
    tile.y,
    tile.width,
    tile.height,
    x - w / 2,
    y - h / 2,
    w,
    h,
  );
  return [w, h];
}
