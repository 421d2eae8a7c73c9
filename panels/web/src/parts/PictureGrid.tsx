// Images in an order, as a virtual grid.
import { useVirtualizer } from "@tanstack/react-virtual";
import * as React from "react";
import type { Thumbnails, Tile } from "../thumbnails";
import { giveFocus } from "./giveFocus";
import { PIXELS_FROM } from "./pixels";
import { columnsFor, sideFor, useCtrlWheel, useGridSize } from "./sizes";

export interface GridItem {
  row: number;
  name: string;
  faint: boolean;
  /** What stands under the picture. */
  caption?: Said;
}

interface Said {
  label: string;
  prediction: string | null;
  /** What is wrong, where label and prediction do not say so. */
  what?: string;
  value: string;
}

interface Props {
  items: readonly GridItem[];
  thumbnails: Thumbnails;
  version: number;
  selected: ReadonlySet<number>;
  focus: number | null;
  label: string;
  onClick: (row: number, more: boolean) => void;
  onRange: (rows: number[]) => void;
  onFocus: (row: number) => void;
  /** Told how many pictures there is room for without scrolling. */
  onFit?: (pictures: number) => void;
}

const GAP = 6;
/** Between a card's edge and its picture, on both sides. */
const FRAME = 6;
const CAPTION = 32;
/** Of three lines. */
const TALL_CAPTION = 46;
/** About the width of a letter of a caption. */
const LETTER = 6.5;

export function PictureGrid(props: Props) {
  const { items, thumbnails, selected, focus } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const [{ width, height }, setRoom] = React.useState({ width: 600, height: 0 });
  const anchor = React.useRef<number | null>(null);
  React.useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() =>
      setRoom({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const [size, setSize] = useGridSize();
  useCtrlWheel(scroller, size, setSize);
  const columns = columnsFor(width, size, GAP);
  const side = sideFor(width, columns, GAP);
  const lines = Math.ceil(items.length / columns);
  const three = React.useMemo(() => {
    const room = (side - 2 * FRAME) / LETTER;
    return items.some(({ caption }) => caption && longest(caption) > room);
  }, [items, side]);
  const tall = side + (items[0]?.caption ? (three ? TALL_CAPTION : CAPTION) : 0);
  const virtual = useVirtualizer({
    count: lines,
    getScrollElement: () => scroller.current,
    estimateSize: () => tall + GAP,
    overscan: 3,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height needs measuring
  React.useLayoutEffect(() => virtual.measure(), [tall]);
  const top = React.useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was on top stays there in another size
  React.useLayoutEffect(() => {
    if (top.current) virtual.scrollToIndex(Math.floor(top.current / columns), { align: "start" });
  }, [columns, tall]);
  const { onFit } = props;
  const fitting = columns * Math.max(1, Math.floor((height - GAP) / (tall + GAP)));
  React.useEffect(() => {
    if (height) onFit?.(fitting);
  }, [height, fitting, onFit]);
  const shown = virtual.getVirtualItems();
  const first = (shown[0]?.index ?? 0) * columns;
  const last = ((shown.at(-1)?.index ?? 0) + 1) * columns;
  React.useEffect(() => {
    thumbnails.want(items.slice(first, last).map((item) => item.row));
  }, [thumbnails, items, first, last]);

  const click = (event: React.MouseEvent, at: number) => {
    const item = items[at];
    if (!item) return;
    const from = items.findIndex((other) => other.row === anchor.current);
    if (!event.shiftKey) anchor.current = item.row;
    if (event.shiftKey && from >= 0) {
      const [a, b] = [Math.min(from, at), Math.max(from, at)];
      props.onRange(items.slice(a, b + 1).map((other) => other.row));
    } else props.onClick(item.row, event.ctrlKey || event.metaKey);
  };
  const key = (event: React.KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const from = Math.max(
      0,
      items.findIndex((item) => item.row === focus),
    );
    const to = Math.max(0, Math.min(items.length - 1, from + step));
    const next = items[to];
    if (!next) return;
    props.onFocus(next.row);
    virtual.scrollToIndex(Math.floor(to / columns));
    giveFocus(scroller.current, `[data-row="${next.row}"]`);
  };
  const tabbable = items.some((item) => item.row === focus) ? focus : (items[0]?.row ?? null);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of toggle buttons is no fieldset
    <div
      ref={scroller}
      className="dcf-grid"
      role="group"
      aria-label={props.label}
      onKeyDown={key}
      onScroll={() => {
        const line = Math.round((scroller.current?.scrollTop ?? 0) / (tall + GAP));
        top.current = line * columns;
      }}
    >
      <div style={{ height: virtual.getTotalSize() + GAP, position: "relative" }}>
        {shown.map((line) =>
          items.slice(line.index * columns, (line.index + 1) * columns).map((item, column) => (
            <button
              key={item.row}
              type="button"
              data-row={item.row}
              className={`dcf-tile${item.faint ? " dcf-faint" : ""}`}
              style={{
                transform: `translate(${GAP + column * (side + GAP)}px, ${GAP + line.start}px)`,
                width: side,
                height: tall,
              }}
              aria-pressed={selected.has(item.row)}
              aria-label={item.name}
              title={item.caption && item.name}
              disabled={item.faint}
              tabIndex={item.row === tabbable ? 0 : -1}
              onFocus={() => item.row !== focus && props.onFocus(item.row)}
              onClick={(event) => click(event, line.index * columns + column)}
            >
              <TilePicture
                tile={thumbnails.get(item.row)}
                side={side - FRAME}
                deleted={thumbnails.deleted.has(item.row)}
              />
              {item.caption && <Caption said={item.caption} three={three} />}
            </button>
          )),
        )}
      </div>
    </div>
  );
}

/** Letters of the longer one of two lines; 0 where a third would not help. */
function longest(said: Said): number {
  const names = said.prediction === null ? 0 : said.label.length + said.prediction.length + 3;
  return Math.max(names, said.what ? saidOf(said).length : 0);
}

/** What is wrong and its value, in one line. */
export const saidOf = ({ what, value }: Said) => (what ? `${what} · ${value}` : value);

/** Of `three` lines, what would be cut in one has two. */
function Caption({ said, three }: { said: Said; three: boolean }) {
  const { label, prediction, what, value } = said;
  return (
    <span className="dcf-caption" data-three={three || undefined}>
      <span className="dcf-caption-names">
        <bdi>{label}</bdi>{" "}
        {prediction !== null && (
          <>
            <span>→</span> <bdi>{prediction}</bdi>{" "}
          </>
        )}
      </span>
      {three && what && <span className="dcf-caption-value">{what} </span>}
      <span className="dcf-caption-value">{three ? value : saidOf(said)}</span>
    </span>
  );
}

/** What a sheet is needed for where no bitmap is. */
export type SheetTile = Omit<Tile, "picture">;

interface TilePictureProps {
  tile: SheetTile | null | undefined;
  side: number;
  /** Whether there is no picture since its sample was deleted. */
  deleted?: boolean;
}

export function TilePicture({ tile, side, deleted = false }: TilePictureProps) {
  if (tile === undefined)
    return <span className="dcf-wait" style={{ width: side, height: side }} />;
  if (tile === null)
    return <span className="dcf-broken">{deleted ? "deleted" : "unreadable"}</span>;
  const scale = side / Math.max(tile.width, tile.height);
  return (
    <span
      className={scale >= PIXELS_FROM ? "dcf-pixels" : ""}
      style={{
        width: tile.width * scale,
        height: tile.height * scale,
        backgroundImage: `url(${tile.url})`,
        backgroundSize: `${tile.columns * tile.edge * scale}px ${tile.rows * tile.edge * scale}px`,
        backgroundPosition: `${-tile.x * scale}px ${-tile.y * scale}px`,
      }}
    />
  );
}
