// What the map event answers, as arrays: places, values and colours of the points on screen.
import type { Colour, MapReply } from "../events";

export const STEPS = 65_535;
export const OPEN = 1;

export interface MapArrays {
  id: string;
  samples: number;
  revision: number;
  places: Uint16Array;
  values: Uint16Array;
  shown: Uint8Array;
  names: string[];
  low: number;
  high: number;
  colour: Colour;
}

export interface Points {
  /** The row of each point. */
  rows: Uint32Array;
  x: Float32Array;
  y: Float32Array;
  value: Float32Array;
}

function bytes(text: string): ArrayBuffer {
  const binary = atob(text);
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
  return out.buffer;
}

/** The reply as arrays; places that were not sent again are those of before. */
export function arraysOf(reply: MapReply, colour: Colour, before: MapArrays | null): MapArrays {
  return {
    id: reply.map ?? "",
    samples: reply.samples,
    revision: reply.revision,
    places: reply.places ? new Uint16Array(bytes(reply.places)) : (before?.places ?? EMPTY),
    values: new Uint16Array(bytes(reply.values)),
    shown: new Uint8Array(bytes(reply.shown)),
    names: reply.names,
    low: reply.low,
    high: reply.high,
    colour,
  };
}

const EMPTY = new Uint16Array(0);

/** Points to draw: open ones that the view holds, or all where decisions are what is looked at. */
export function pointsOf(map: MapArrays): Points {
  const all = map.colour === "decision";
  let n = 0;
  for (const state of map.shown) if (all || state === OPEN) n++;
  const points = {
    rows: new Uint32Array(n),
    x: new Float32Array(n),
    y: new Float32Array(n),
    value: new Float32Array(n),
  };
  const numeric = isNumeric(map.colour);
  let at = 0;
  for (let row = 0; row < map.samples; row++) {
    if (!all && map.shown[row] !== OPEN) continue;
    points.rows[at] = row;
    points.x[at] = (2 * (map.places[2 * row] ?? 0)) / STEPS - 1;
    points.y[at] = 1 - (2 * (map.places[2 * row + 1] ?? 0)) / STEPS;
    const value = map.values[row] ?? 0;
    points.value[at] = numeric ? value / STEPS : value;
    at++;
  }
  return points;
}

export function isNumeric(colour: Colour): boolean {
  return colour === "suspicion" || colour === "disagreement";
}

/** The rows that stand out most: open ones with the highest values of a number. */
export function highest(map: MapArrays, most: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row < map.samples; row++) if (map.shown[row] === OPEN) rows.push(row);
  rows.sort((a, b) => (map.values[b] ?? 0) - (map.values[a] ?? 0) || a - b);
  return rows.slice(0, most);
}

const RAMP: [number, number, number][] = [
  [53, 60, 120],
  [44, 113, 142],
  [34, 160, 137],
  [122, 200, 80],
  [250, 222, 60],
  [255, 120, 60],
];

/** Colours from low to high, legible on dark and light. */
export function ramp(steps = 64): string[] {
  return Array.from({ length: steps }, (_, i) => {
    const at = (i / (steps - 1)) * (RAMP.length - 1);
    const low = RAMP[Math.floor(at)] ?? [0, 0, 0];
    const high = RAMP[Math.min(Math.floor(at) + 1, RAMP.length - 1)] ?? low;
    const mixed = low.map((v, c) => Math.round(v + (at % 1) * ((high[c] ?? 0) - v)));
    return hex(mixed);
  });
}

/** As many colours as there are classes: hues in golden-angle steps, so that neighbours differ. */
export function hues(count: number, dark: boolean): string[] {
  return Array.from({ length: Math.max(count, 1) }, (_, i) => {
    const hue = (i * 137.508 + 210) % 360;
    const light = (dark ? 62 : 44) + ((i * 7) % 3) * 6 - 6;
    return hex(fromHsl(hue, 65, light));
  });
}

function fromHsl(h: number, s: number, l: number): number[] {
  const a = (s / 100) * Math.min(l / 100, 1 - l / 100);
  return [0, 8, 4].map((n) => {
    const k = (n + h / 30) % 12;
    return Math.round(255 * (l / 100 - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  });
}

function hex(rgb: number[]): string {
  return `#${rgb.map((v) => v.toString(16).padStart(2, "0")).join("")}`;
}
