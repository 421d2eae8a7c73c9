// Boxes of a picture on the screen, in numbers alone: where an object is enlarged to, what it measures.
import { fitting, type Place, type Size } from "../parts/zoom";

/** Left, top, width and height, from 0 to 1 of the picture. */
export type Box = readonly [number, number, number, number];

/** What the longer side of an object takes of the room, when it is enlarged. */
const SHARE = 0.36;

/** The box around some boxes. */
export function around(boxes: readonly Box[]): Box {
  const left = Math.min(...boxes.map((box) => box[0]));
  const top = Math.min(...boxes.map((box) => box[1]));
  const right = Math.max(...boxes.map((box) => box[0] + box[2]));
  const bottom = Math.max(...boxes.map((box) => box[1] + box[3]));
  return [left, top, right - left, bottom - top];
}

/** Where boxes fill about a third of the room; the whole picture where they do that anyway. */
export function placeOf(boxes: readonly Box[], picture: Size, room: Size): Place {
  const [left, top, width, height] = around(boxes);
  const wide = Math.max(width * picture.width, 1) / room.width;
  const high = Math.max(height * picture.height, 1) / room.height;
  const scale = Math.max(SHARE / Math.max(wide, high), fitting(picture, room));
  return { scale, x: left + width / 2, y: top + height / 2 };
}

/** The same box in pixels, rounded. */
export function inPixels(box: Box, picture: Size): { width: number; height: number } {
  return {
    width: Math.round(box[2] * picture.width),
    height: Math.round(box[3] * picture.height),
  };
}

/** The overlap of two boxes over what both cover. */
export function overlapOf(one: Box, other: Box): number {
  const wide = Math.min(one[0] + one[2], other[0] + other[2]) - Math.max(one[0], other[0]);
  const high = Math.min(one[1] + one[3], other[1] + other[3]) - Math.max(one[1], other[1]);
  const shared = Math.max(0, wide) * Math.max(0, high);
  const all = one[2] * one[3] + other[2] * other[3] - shared;
  return all > 0 ? shared / all : 0;
}

/** What of a box is dragged: all of it, or sides by the points of the compass. */
export type Part = "all" | "n" | "e" | "s" | "w" | "ne" | "se" | "sw" | "nw";

/** A box after a part of it was moved, within the picture and no smaller than `least`. */
export function adjusted(box: Box, part: Part, dx: number, dy: number, least: number): Box {
  const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
  const [left, top, width, height] = box;
  if (part === "all")
    return [clamp(left + dx, 0, 1 - width), clamp(top + dy, 0, 1 - height), width, height];
  let [west, north, east, south] = [left, top, left + width, top + height];
  if (part.includes("w")) west = clamp(west + dx, 0, east - least);
  if (part.includes("e")) east = clamp(east + dx, west + least, 1);
  if (part.includes("n")) north = clamp(north + dy, 0, south - least);
  if (part.includes("s")) south = clamp(south + dy, north + least, 1);
  return [west, north, east - west, south - north];
}

/** A box as the Python side is told it. */
export const copied = ([left, top, width, height]: Box): [number, number, number, number] => [
  left,
  top,
  width,
  height,
];
