// The objects of an image by number: which is chosen, what became of each, where the numbers stand.
import type { Laid } from "../parts/zoom";
import type { Box } from "./place";

/** What stands on an object, or is on its way. */
export interface Member {
  row: number;
  /** Empty while it is open. */
  decided: string;
  /** Passed over for now. */
  skipped: boolean;
}

export const isOpen = (member: Member) => !member.decided && !member.skipped;

/** The next open one after a row, from the beginning again; null where none is. */
export function nextOpen(members: readonly Member[], row: number | null): number | null {
  const at = members.findIndex((member) => member.row === row);
  const after = [...members.slice(at + 1), ...members.slice(0, at + 1)];
  return after.find((member) => isOpen(member) && member.row !== row)?.row ?? null;
}

/** How long a second digit belongs to the first one, in ms. */
export const DIGITS_MS = 700;

/** The number that digits make: of many objects two of them, where there is such a number. */
export function numberOf(
  digit: number,
  last: { number: number; at: number } | null,
  at: number,
  count: number,
): number | null {
  const together = last && at - last.at < DIGITS_MS ? last.number * 10 + digit : 0;
  if (together > 9 && together <= count) return together;
  return digit >= 1 && digit <= count ? digit : null;
}

const WIDE = 20;
const HIGH = 18;

/** Where the number of each box stands: at a corner of it that is free, within the picture's frame. */
export function labelPlaces(
  boxes: readonly Box[],
  laid: Laid,
  room: { width: number; height: number },
): { left: number; top: number }[] {
  const placed: { left: number; top: number }[] = [];
  const over = (a: { left: number; top: number }) =>
    placed.some((b) => Math.abs(a.left - b.left) < WIDE && Math.abs(a.top - b.top) < HIGH);
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most, value));
  for (const [x, y, width, height] of boxes) {
    const [left, top] = [laid.left + x * laid.width, laid.top + y * laid.height];
    const [right, bottom] = [left + width * laid.width, top + height * laid.height];
    const corners = [
      [left - WIDE, top],
      [left, top - HIGH],
      [right, top],
      [left - WIDE, bottom - HIGH],
      [right, bottom - HIGH],
      [right - WIDE, bottom],
      [left, top],
    ].map(([l = 0, t = 0]) => ({
      left: clamp(l, room.width - WIDE),
      top: clamp(t, room.height - HIGH),
    }));
    placed.push(corners.find((corner) => !over(corner)) ?? corners[0] ?? { left, top });
  }
  return placed;
}
