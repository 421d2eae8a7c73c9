// Thumbnails of rows, fetched in sheets, kept for as long as the iteration is shown.
import { ask } from "./ask";
import type { Sheet } from "./events";

export interface Tile {
  picture: ImageBitmap;
  url: string;
  columns: number;
  rows: number;
  edge: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

const FIRST_BATCH = 96;
const SMALLEST_BATCH = 32;
const LARGEST_BATCH = 512;
/** Pixels of a sheet, and of all that is kept. */
const SHEET_PIXELS = 2 ** 23;
const MOST_PIXELS = 12_000 * 128 ** 2;
/** What a batch should take: a decision has to wait for those under way. */
const BATCH_MS = 150;
const AT_ONCE = 2;

/** How many to ask for next, going by how long the last ones took, of which there may be few. */
export function nextBatch(batch: number, rows: number, took: number): number {
  const fitting = Math.round((rows * BATCH_MS) / Math.max(took, 1));
  if (took > BATCH_MS) return Math.max(SMALLEST_BATCH, Math.min(batch, fitting));
  return rows < batch ? batch : Math.min(LARGEST_BATCH, 2 * batch, fitting);
}

export class Thumbnails {
  private tiles = new Map<number, Tile | null>();
  /** Rows whose samples were not in the dataset when their pictures were asked for. */
  readonly deleted = new Set<number>();
  private waiting: number[] = [];
  private asked = new Set<number>();
  private running = 0;
  private batch: number;
  private readonly largest: number;
  private urls: string[] = [];
  private listeners = new Set<() => void>();
  version = 0;

  constructor(
    private readonly key: { run: string; iteration: number },
    readonly edge: number,
  ) {
    this.largest = Math.min(LARGEST_BATCH, Math.max(1, Math.floor(SHEET_PIXELS / edge ** 2)));
    this.batch = Math.min(FIRST_BATCH, this.largest);
  }

  /** A tile, null if the image cannot be read, undefined while it is not there yet. */
  get(row: number): Tile | null | undefined {
    return this.tiles.get(row);
  }

  /** Replaces what is waited for: the first rows come first. */
  want(rows: readonly number[]) {
    if (this.tiles.size > MOST_PIXELS / Math.max(this.edge, 128) ** 2) this.forget();
    this.waiting = rows.filter((row) => !this.tiles.has(row) && !this.asked.has(row));
    this.next();
  }

  async add(sheet: Sheet) {
    const blob = await (await fetch(sheet.image)).blob();
    const picture = await createImageBitmap(blob);
    const url = URL.createObjectURL(blob);
    this.urls.push(url);
    const rows = Math.ceil(sheet.rows.length / sheet.columns);
    sheet.rows.forEach((row, at) => {
      const width = sheet.widths[at] ?? 0;
      const x = (at % sheet.columns) * sheet.edge;
      const y = Math.floor(at / sheet.columns) * sheet.edge;
      const height = sheet.heights[at] ?? 0;
      const tile = {
        picture,
        url,
        columns: sheet.columns,
        rows,
        edge: sheet.edge,
        x,
        y,
        width,
        height,
      };
      this.tiles.set(row, width > 0 ? tile : null);
      if (width < 0) this.deleted.add(row);
      this.asked.add(row);
    });
    this.tell();
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  snapshot = () => this.version;

  dispose() {
    this.waiting = [];
    this.forget();
  }

  private forget() {
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.urls = [];
    this.tiles.clear();
    this.asked.clear();
  }

  private next() {
    while (this.running < AT_ONCE && this.waiting.length) {
      const rows = this.waiting.splice(0, this.batch);
      for (const row of rows) this.asked.add(row);
      this.running++;
      const start = performance.now();
      ask("thumbnails", { ...this.key, rows, edge: this.edge })
        .then((sheet) => {
          const took = performance.now() - start;
          this.batch = Math.min(this.largest, nextBatch(this.batch, rows.length, took));
          return this.add(sheet);
        })
        .catch(() => {
          for (const row of rows) this.tiles.set(row, null);
          this.tell();
        })
        .finally(() => {
          this.running--;
          this.next();
        });
    }
  }

  private tell() {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}
