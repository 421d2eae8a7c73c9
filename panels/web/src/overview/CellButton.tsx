// One cell of the overview: predicted class, count, and how confidently its samples are misclassified.
import * as React from "react";
import { count } from "../format";
import { Icon } from "../parts/Icon";
import { useSession } from "../session";
import { barsPath, type Cell, saturation } from "./cells";

interface Props {
  cell: Cell;
  /** Pixels from the rows' heads. */
  left: number;
  row: number;
  column: number;
  tabbable: boolean;
  inView: number | null;
  onFocus: (row: number, column: number) => void;
  onOpen: (cell: Cell) => void;
  onShow: (cell: Cell) => void;
}

export const CELL_WIDTH = 118;
const BARS_WIDTH = 30;
const BARS_HEIGHT = 46;

/** Where a cell stands in its row. */
export function placeAt(left: number): React.CSSProperties {
  return { transform: `translateX(calc(var(--dcf-head) + ${left}px))`, width: CELL_WIDTH };
}

// Each scrolled frame draws the list anew: a cell whose props are the same costs nothing then.
export const CellButton = React.memo(function CellButton(props: Props) {
  const { cell, inView } = props;
  const { classes, overview } = useSession();
  const correct = cell.label === cell.prediction;
  const prediction = classes[cell.prediction] ?? "";
  const blue = correct ? 0 : saturation(cell.open, overview.largest);
  const path = React.useMemo(() => barsPath(cell.bars, BARS_WIDTH, BARS_HEIGHT), [cell.bars]);
  const part = inView !== null && inView !== cell.open;
  const shown = part ? `${count(inView)} of ${count(cell.open)}` : count(cell.open);
  // Begins as it is written, so that people who speak to their machine can say what they see.
  const name = [
    `${prediction} ${shown} open`,
    `label ${classes[cell.label]}, predicted ${correct ? "the same" : prediction}`,
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
      style={{ ...placeAt(props.left), "--dcf-blue": blue } as React.CSSProperties}
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
        <span className="dcf-cell-text">
          <bdi className="dcf-cell-name">{prediction}</bdi>{" "}
          <span className="dcf-cell-count">
            {inView !== null && inView !== cell.open ? (
              <>
                {count(inView)} <small>of {count(cell.open)}</small>
              </>
            ) : (
              count(cell.open)
            )}
          </span>
        </span>
        <svg
          className="dcf-cell-bars"
          width={BARS_WIDTH}
          height={BARS_HEIGHT}
          viewBox={`0 0 ${BARS_WIDTH} ${BARS_HEIGHT}`}
          aria-hidden="true"
        >
          <path d={path} />
        </svg>
        {cell.duplicates && <Icon name="copies" className="dcf-cell-copies" />}
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
