// Draws the map of a cell: pictures, dots where there is no room for one, what is chosen, the lasso.
import { PIXELS_FROM } from "../parts/pixels";
import type { Thumbnails, Tile } from "../thumbnails";
import { type Drawn, type Frame, type Point, place } from "./scene";

const DOT = 4;

export interface Look {
  /** Of two sizes: the sharper one is drawn where it is there. */
  thumbnails: Thumbnails;
  sharp: Thumbnails;
  selected: ReadonlySet<number>;
  faint: ReadonlySet<number>;
  focus: number | null;
}

/** Whether a picture with that middle is on screen, at least in part. */
export function onScreen([x, y]: [number, number], side: number, frame: Frame): boolean {
  return x >= -side && y >= -side && x <= frame.width + side && y <= frame.height + side;
}

export function paint(
  context: CanvasRenderingContext2D,
  element: HTMLCanvasElement,
  { points, side, rest }: Drawn,
  { thumbnails, sharp, selected, faint, focus }: Look,
  frame: Frame,
  lasso: readonly [number, number][] | null,
) {
  const ratio = window.devicePixelRatio || 1;
  const style = getComputedStyle(element);
  const accent = style.getPropertyValue("--dcf-accent").trim() || "#ff6d04";
  const empty = style.getPropertyValue("--dcf-raised").trim() || "#444";
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, frame.width, frame.height);
  dots(context, rest, frame, style.color);
  const top: Point[] = [];
  const one = (point: Point) => {
    const [x, y] = place(point, frame);
    if (!onScreen([x, y], side, frame)) return;
    const tile = sharp.get(point.row) || thumbnails.get(point.row);
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
  if (lasso && lasso.length > 1) outline(context, lasso, accent);
}

function dots(
  context: CanvasRenderingContext2D,
  rest: readonly Point[],
  frame: Frame,
  colour: string,
) {
  context.fillStyle = colour;
  context.globalAlpha = 0.35;
  for (const point of rest) {
    const [x, y] = place(point, frame);
    context.fillRect(x - DOT / 2, y - DOT / 2, DOT, DOT);
  }
  context.globalAlpha = 1;
}

function outline(
  context: CanvasRenderingContext2D,
  lasso: readonly [number, number][],
  accent: string,
) {
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

function drawTile(
  context: CanvasRenderingContext2D,
  tile: Tile,
  x: number,
  y: number,
  side: number,
): [number, number] {
  const scale = side / Math.max(tile.width, tile.height);
  const [w, h] = [tile.width * scale, tile.height * scale];
  context.imageSmoothingEnabled = scale < PIXELS_FROM;
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
