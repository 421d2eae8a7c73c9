// One cell of the overview: predicted class, count, and how confidently its samples are misclassified.
import * as React from "react";
import { count } from "../format";
import { useNames } from "../objects/names";
import { Icon } from "../parts/Icon";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";
import { CellPictures } from "./CellPictures";
import { barsPath, type Cell, saturation } from "./cells";
import { PICTURES } from "./useSuspects";

interface Props {
  cell: Cell;
  /** Pixels from the rows' heads. */
  left: number;
  width: number;
  row: number;
  column: number;
  tabbable: boolean;
  inView: number | null;
  /** Its most suspicious samples, null where no pictures are shown. */
  pictures: readonly number[] | null;
  thumbnails: Thumbnails | null;
  onFocus: (row: number, column: number) => void;
  onOpen: (cell: Cell) => void;
  onShow: (cell: Cell) => void;
}

const BARS_WIDTH = 30;
const BARS_HEIGHT = 40;
/** From one cell's edge to its pictures, both sides together, and between two pictures. */
const AROUND = 22;
const BETWEEN = 3;
const LARGEST_PICTURE = 48;
const HEIGHT = 76;

/** The side of the pictures in a cell of a width. */
export function pictureSide(width: number): number {
  const each = (width - AROUND - BETWEEN * (PICTURES - 1)) / PICTURES;
  return Math.floor(Math.min(LARGEST_PICTURE, each));
}

export function rowHeight(width: number, pictures: boolean): number {
  return HEIGHT + (pictures ? pictureSide(width) + 5 : 0);
}

/** Where a cell stands in its row. */
export function placeAt(left: number, width: number): React.CSSProperties {
  return { transform: `translateX(calc(var(--dcf-head) + ${left}px))`, width };
}

interface FaceProps {
  name: string;
  nothing?: boolean;
  /** The count, and what stands beside it. */
  children: React.ReactNode;
  bars: readonly number[];
}

/** What a cell shows: a class, how many, and red bars. */
export function Face({ name, nothing, children, bars }: FaceProps) {
  const path = React.useMemo(() => barsPath(bars, BARS_WIDTH, BARS_HEIGHT), [bars]);
  return (
    <>
      <bdi className={`dcf-cell-name${nothing ? " dcf-nothing" : ""}`} title={name}>
        {name}
      </bdi>{" "}
      <span className="dcf-cell-text">{children}</span>
      <svg
        className="dcf-cell-bars"
        width={BARS_WIDTH}
        height={BARS_HEIGHT}
        viewBox={`0 0 ${BARS_WIDTH} ${BARS_HEIGHT}`}
        aria-hidden="true"
      >
        <path d={path} />
      </svg>
    </>
  );
}

// Each scrolled frame draws the list anew: a cell whose props are the same costs nothing then.
export const CellButton = React.memo(function CellButton(props: Props) {
  const { cell, inView } = props;
  const { overview, iteration } = useSession();
  const names = useNames();
  const correct = cell.label === cell.prediction;
  const prediction = names.prediction(cell.prediction);
  const nothing = cell.prediction === names.nothing;
  const blue = correct ? 0 : saturation(cell.open, overview.largest);
  const placed = iteration.objects && correct && cell.suspects > 0 ? cell.suspects : 0;
  const part = inView !== null && inView !== cell.open;
  const shown = part ? `${count(inView)} of ${count(cell.open)}` : count(cell.open);
  const copies = cell.duplicates && <Icon name="copies" className="dcf-cell-copies" />;
  // Begins as it is written, so that people who speak to their machine can say what they see.
  const name = [
    `${prediction} ${shown}${placed ? ` ${count(placed)} placed badly,` : ""} open`,
    `label ${names.label(cell.label)}, predicted ${correct ? "the same" : prediction}`,
    part ? "counted in the current view" : "",
    cell.duplicates ? "holds near-duplicates" : "",
  ]
    .filter(Boolean)
    .join(", ");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual list cannot be a table
    // biome-ignore lint/a11y/useFocusableInteractive: the button in it is focused
    <div
      role="gridcell"
      aria-colindex={props.column + 2}
      className={`dcf-cell${correct ? " dcf-cell-correct" : ""}${inView === 0 ? " dcf-cell-out" : ""}`}
      style={{ ...placeAt(props.left, props.width), "--dcf-blue": blue } as React.CSSProperties}
    >
      <button
        type="button"
        className="dcf-cell-open"
        data-at={`${props.row}-${props.column}`}
        data-cell={`${cell.label}-${cell.prediction}`}
        tabIndex={props.tabbable ? 0 : -1}
        aria-label={`${name}. Open`}
        onFocus={() => props.onFocus(props.row, props.column)}
        onClick={() => props.onOpen(cell)}
      >
        <Face name={prediction} nothing={nothing} bars={cell.bars}>
          <span className="dcf-cell-count">
            {inView !== null && inView !== cell.open ? (
              <>
                {count(inView)} <small>of {count(cell.open)}</small>
              </>
            ) : (
              count(cell.open)
            )}
            {placed > 0 && copies}
          </span>
          {placed > 0 && " "}
          {placed > 0 && (
            <small className="dcf-cell-placed" title={`${count(placed)} badly placed`}>
              {count(placed)} placed badly
            </small>
          )}
          {placed === 0 && copies}
        </Face>
        {props.pictures && props.thumbnails && (
          <CellPictures
            rows={props.pictures}
            thumbnails={props.thumbnails}
            side={pictureSide(props.width)}
          />
        )}
      </button>
      <button
        type="button"
        className="dcf-cell-show"
        title="Show in FiftyOne's grid"
        tabIndex={props.tabbable ? 0 : -1}
        aria-label={`${name}. Show in FiftyOne's grid`}
        onClick={() => props.onShow(cell)}
      >
        <Icon name="grid" />
      </button>
    </div>
  );
});
