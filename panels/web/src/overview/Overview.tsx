// The sorted list of labels and cells: where the errors probably are, at a glance.
import {
  IconButton,
  InputAdornment,
  TextField,
  ToggleButton,
  ToggleButtonGroup,
  Tooltip,
} from "@mui/material";
import { useVirtualizer } from "@tanstack/react-virtual";
import * as React from "react";
import { count, decimal } from "../format";
import { isFlag, isText, useKept, useKeptHere } from "../kept";
import { type Thing, useNames } from "../objects/names";
import { giveFocus } from "../parts/giveFocus";
import { Icon } from "../parts/Icon";
import { Name } from "../parts/Name";
import { useSession } from "../session";
import { inBlocks } from "./blocks";
import { CellButton, placeAt, rowHeight } from "./CellButton";
import type { Cell } from "./cells";
import { moved } from "./moves";
import { useCellWidth } from "./useCellWidth";
import { useSuspects } from "./useSuspects";

const OVERSCAN = 4;
const NONE: readonly number[] = [];

/** The indices of a range, whose ends are both on screen. */
function within(range: { startIndex: number; endIndex: number } | null): number[] {
  if (!range) return [];
  const length = range.endIndex - range.startIndex + 1;
  return Array.from({ length }, (_, at) => range.startIndex + at);
}

interface Props {
  onOpen: (cell: Cell) => void;
  onShow: (cell: Cell) => void;
}

export function Overview({ onOpen, onShow }: Props) {
  const { overview, order, setOrder, wantCells, inView, iteration } = useSession();
  const names = useNames();
  const [search, setSearch] = useKeptHere("overview/search", "", isText);
  const [focus, setFocus] = React.useState<[number, number]>([0, 0]);
  const [pictures, setPictures] = useKept("overview/pictures", true, isFlag);
  const scroller = React.useRef<HTMLDivElement>(null);
  const focusOn = React.useCallback((row: number, column: number) => setFocus([row, column]), []);

  const rows = React.useMemo(() => {
    const wanted = search.trim().toLocaleLowerCase();
    const all = overview.rows.label.map((label, at) => ({ label, at }));
    return wanted
      ? all.filter(({ label }) => names.label(label).toLocaleLowerCase().includes(wanted))
      : all;
  }, [overview.rows.label, names, search]);

  const widest = React.useMemo(
    () => rows.reduce((most, { at }) => Math.max(most, overview.rows.cells[at] ?? 0), 1),
    [rows, overview.rows.cells],
  );
  const cellWidth = useCellWidth(scroller, pictures, rows.length > 0);
  const tall = rowHeight(cellWidth, pictures);
  const vertical = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => tall,
    overscan: OVERSCAN,
    rangeExtractor: inBlocks,
  });
  const horizontal = useVirtualizer({
    horizontal: true,
    count: widest,
    getScrollElement: () => scroller.current,
    estimateSize: () => cellWidth,
    overscan: 3,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: other sizes need measuring
  React.useLayoutEffect(() => {
    vertical.measure();
    horizontal.measure();
  }, [tall, cellWidth]);
  const items = vertical.getVirtualItems();
  const columns = horizontal.getVirtualItems();
  const onScreen = React.useMemo(
    () =>
      within(vertical.range).flatMap((row) => {
        const cells = overview.cells.get(rows[row]?.label ?? -1) ?? [];
        return within(horizontal.range).flatMap((column) => cells[column]?.cell ?? []);
      }),
    [vertical.range, horizontal.range, rows, overview.cells],
  );
  const suspects = useSuspects(onScreen, pictures);
  const shown = items.map((item) => rows[item.index]?.label ?? 0);
  const shownKey = shown.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: shownKey stands for shown; a new overview must be asked too
  React.useEffect(() => {
    const timer = window.setTimeout(() => wantCells(shown), 40);
    return () => window.clearTimeout(timer);
  }, [shownKey, overview.cells, wantCells]);

  const move = (event: React.KeyboardEvent) => {
    const next = moved(event.key, focus, rows.length, (row) => {
      const entry = rows[row];
      return entry ? (overview.rows.cells[entry.at] ?? 1) : 1;
    });
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    setFocus(next);
    vertical.scrollToIndex(next[0]);
    horizontal.scrollToIndex(next[1]);
    giveFocus(scroller.current, `[data-at="${next[0]}-${next[1]}"]`);
  };

  return (
    <section className="dcf-overview" aria-label="Overview">
      <div className="dcf-bar">
        <TextField
          size="small"
          placeholder="Search classes"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          inputProps={{ "aria-label": "Search classes" }}
          InputProps={{
            startAdornment: (
              <InputAdornment position="start">
                <Icon name="search" />
              </InputAdornment>
            ),
            endAdornment: search ? (
              <IconButton size="small" aria-label="Clear the search" onClick={() => setSearch("")}>
                <Icon name="close" />
              </IconButton>
            ) : null,
          }}
          className="dcf-search"
        />
        <ToggleButtonGroup
          size="small"
          exclusive
          value={order}
          onChange={(_, value) => value && setOrder(value)}
          aria-label="Sort rows by"
        >
          <ToggleButton value="count">By count</ToggleButton>
          <ToggleButton value="errors">
            <Tooltip title="The sum of 1 − p(label) over a row's open samples">
              <span>By expected errors</span>
            </Tooltip>
          </ToggleButton>
        </ToggleButtonGroup>
        <ToggleButton
          size="small"
          value="pictures"
          selected={pictures}
          onChange={() => setPictures(!pictures)}
        >
          Images
        </ToggleButton>
        <Legend />
      </div>
      {iteration.chosen ? (
        <p className="dcf-hint" title={iteration.chosen}>
          {iteration.chosen}
        </p>
      ) : null}
      {iteration.notes.map((note) => (
        <p key={note} className="dcf-hint" role="note">
          {note}
        </p>
      ))}
      {rows.length === 0 ? (
        <p className="dcf-hint">No class has “{search}” in its name.</p>
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: a virtual list cannot be a table
        <div
          ref={scroller}
          className="dcf-list"
          role="grid"
          aria-label="Cells by label and prediction"
          aria-rowcount={rows.length}
          tabIndex={-1}
          onKeyDown={move}
        >
          <div
            style={{
              height: vertical.getTotalSize(),
              width: `calc(var(--dcf-head) + ${horizontal.getTotalSize()}px)`,
              position: "relative",
            }}
          >
            {items.map((item) => {
              const entry = rows[item.index];
              if (!entry) return null;
              const { label, at } = entry;
              const cells = overview.cells.get(label);
              return (
                // biome-ignore lint/a11y/useSemanticElements: see above
                // biome-ignore lint/a11y/useFocusableInteractive: its cells are
                <div
                  key={label}
                  role="row"
                  aria-rowindex={item.index + 1}
                  className="dcf-row"
                  style={{ transform: `translateY(${item.start}px)`, height: tall }}
                >
                  {/* biome-ignore lint/a11y/useFocusableInteractive: nothing to do with it */}
                  {/* biome-ignore lint/a11y/useSemanticElements: see above */}
                  <div role="rowheader" className="dcf-head" title={names.label(label)}>
                    <Name
                      className={`dcf-head-name${label === names.nothing ? " dcf-nothing" : ""}`}
                    >
                      {names.label(label)}
                    </Name>
                    <span className="dcf-head-count">
                      {order === "errors"
                        ? `≈ ${decimal(overview.rows.errors[at] ?? 0)} errors`
                        : `${count(overview.rows.wrong[at] ?? 0)} of ${count(overview.rows.open[at] ?? 0)}`}
                    </span>
                  </div>
                  {columns.map((column) => {
                    const cell = cells?.[column.index];
                    if (!cell) {
                      const expected = !cells && column.index < (overview.rows.cells[at] ?? 0);
                      return expected ? (
                        <div
                          key={column.index}
                          className="dcf-cell-wait"
                          style={placeAt(column.start, cellWidth)}
                        />
                      ) : null;
                    }
                    const here = focus[0] === item.index && focus[1] === column.index;
                    return (
                      <CellButton
                        key={cell.cell}
                        cell={cell}
                        left={column.start}
                        width={cellWidth}
                        pictures={pictures ? (suspects?.rows.get(cell.cell) ?? NONE) : null}
                        thumbnails={suspects?.thumbnails ?? null}
                        row={item.index}
                        column={column.index}
                        tabbable={here}
                        inView={inView ? (inView[cell.cell] ?? 0) : null}
                        onFocus={focusOn}
                        onOpen={onOpen}
                        onShow={onShow}
                      />
                    );
                  })}
                </div>
              );
            })}
          </div>
        </div>
      )}
    </section>
  );
}

const BARS: Record<Thing, string> = {
  sample: "confidence against the label (IIES), 1 on top",
  object: "how likely wrong; where all agree 1 − IoU",
  tag: "how likely wrong",
};

function Legend() {
  const { thing } = useNames();
  return (
    <div className="dcf-legend" aria-hidden="true">
      <span className="dcf-legend-blue">more suspects</span>
      <span className="dcf-legend-red">{BARS[thing]}</span>
    </div>
  );
}
