// The people who voted: how far each is to be believed, what each confuses, what to do about one.
import { TextField } from "@mui/material";
import { useVirtualizer } from "@tanstack/react-virtual";
import * as React from "react";
import { count, decimal, percent, plural } from "../format";
import { isText, useKeptHere } from "../kept";
import { useNames } from "../objects/names";
import { moved } from "../overview/moves";
import { giveFocus } from "../parts/giveFocus";
import { Name } from "../parts/Name";
import { useSession } from "../session";
import { useAsk } from "../useAsk";
import { AnnotatorDetail } from "./AnnotatorDetail";
import type { Given } from "./given";
import { type Annotator, arranged, rowsOf, type SortBy, type Sorting, sortedBy } from "./table";

/** About; a narrow panel has the numbers below the names. */
const TALL = 38;
const SEARCHED_FROM = 9;
const COLUMNS: [SortBy, string][] = [
  ["name", "Annotator"],
  ["votes", "Votes"],
  ["accuracy", "Accuracy, 95 % interval"],
  ["confused", "Most frequent confusion"],
  ["wrong", "Probably wrong"],
];

export interface AnnotatorActs {
  /** Filters all screens, and shows the overview. */
  onShow: (given: Given) => void;
  /** Goes through the votes of a filter, those that are most probably wrong first. */
  onReview: (given: Given) => void;
  /** Shows the votes of a filter in the ranking. */
  onRank: (given: Given) => void;
}

export function Annotators(acts: AnnotatorActs) {
  const { key, revision } = useSession();
  const { thing } = useNames();
  const { run, iteration } = key;
  const { reply, problem } = useAsk("annotators", { run, iteration }, [revision]);
  const [chosen, setChosen] = useKeptHere("annotators/chosen", "", isText);
  const [search, setSearch] = React.useState("");
  const [sorting, setSorting] = React.useState<Sorting>({ by: "votes", down: true });
  const all = React.useMemo(() => (reply ? rowsOf(reply) : []), [reply]);
  const rows = React.useMemo(() => arranged(all, search, sorting), [all, search, sorting]);
  const lowest = Math.min(...all.map(({ low }) => low), 1);
  if (!all.length && !problem) return null;
  const one = all.find(({ name }) => name === chosen);
  return (
    <section className="dcf-card dcf-card-wide" aria-labelledby="dcf-annotators-title">
      <h3 id="dcf-annotators-title">Annotators</h3>
      {problem && <p className="dcf-note">The annotators cannot be read: {problem.message}</p>}
      {all.length >= SEARCHED_FROM && (
        <TextField
          size="small"
          placeholder="Search annotators"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          inputProps={{ "aria-label": "Search annotators" }}
          className="dcf-search"
        />
      )}
      {rows.length === 0 ? (
        <p className="dcf-note">No annotator has “{search}” in their name.</p>
      ) : (
        <Table
          key={`${search} ${JSON.stringify(sorting)}`}
          rows={rows}
          lowest={lowest}
          chosen={chosen}
          sorting={sorting}
          onChoose={(name) => setChosen(name === chosen ? "" : name)}
          onSort={(by) => setSorting(sortedBy(by, sorting))}
        />
      )}
      <p className="dcf-note">
        {plural(all.length, "annotator")}. Accuracy and confusions are those at this iteration, as
        far as model and other votes tell; <em>probably wrong</em> are votes on open {thing}s that
        are wrong with a probability above one half. Choose a name to see what was confused.
      </p>
      {one && <AnnotatorDetail key={one.name} annotator={one} {...acts} />}
    </section>
  );
}

interface TableProps {
  rows: readonly Annotator[];
  lowest: number;
  chosen: string;
  sorting: Sorting;
  onChoose: (name: string) => void;
  onSort: (by: SortBy) => void;
}

function Table({ rows, lowest, chosen, sorting, onChoose, onSort }: TableProps) {
  const frame = React.useRef<HTMLDivElement>(null);
  const [focus, setFocus] = React.useState(0);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => TALL,
    overscan: 6,
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const move = (event: React.KeyboardEvent) => {
    const next = moved(event.key, [focus, 0], rows.length, () => 1)?.[0];
    if (next === undefined || !(event.target as Element).closest("tbody")) return;
    event.preventDefault();
    event.stopPropagation();
    setFocus(next);
    virtual.scrollToIndex(next);
    giveFocus(frame.current, `[data-annotator="${next}"]`);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys move between the buttons in it
    <div ref={frame} className="dcf-table-frame dcf-annotators" onKeyDown={move}>
      <table className="dcf-table" aria-rowcount={rows.length + 1}>
        <caption className="dcf-sr">Annotators</caption>
        <thead>
          <tr>
            {COLUMNS.map(([by, title]) => (
              <th
                key={by}
                scope="col"
                className={`dcf-annotators-${by}`}
                aria-sort={
                  sorting.by === by ? (sorting.down ? "descending" : "ascending") : undefined
                }
              >
                <button type="button" className="dcf-sort" onClick={() => onSort(by)}>
                  {title}
                  <span aria-hidden="true">
                    {sorting.by === by ? (sorting.down ? " ↓" : " ↑") : ""}
                  </span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Space height={before} />}
          {items.map(({ index }) => {
            const row = rows[index];
            return (
              row && (
                <Row
                  key={row.name}
                  measure={virtual.measureElement}
                  row={row}
                  at={index}
                  lowest={lowest}
                  chosen={row.name === chosen}
                  tabbable={focus === index}
                  onFocus={setFocus}
                  onChoose={onChoose}
                />
              )
            );
          })}
          {after > 0 && <Space height={after} />}
        </tbody>
      </table>
    </div>
  );
}

/** Stands for the rows that are not drawn. */
function Space({ height }: { height: number }) {
  return (
    <tr className="dcf-annotators-space">
      <td colSpan={COLUMNS.length} style={{ height }} />
    </tr>
  );
}

interface RowProps {
  measure: (row: HTMLTableRowElement | null) => void;
  row: Annotator;
  at: number;
  lowest: number;
  chosen: boolean;
  tabbable: boolean;
  onFocus: (at: number) => void;
  onChoose: (name: string) => void;
}

function Row({ measure, row, at, lowest, chosen, tabbable, onFocus, onChoose }: RowProps) {
  const { prediction } = useNames();
  const [meant, said] = [prediction(row.meant), prediction(row.said)];
  const place = (value: number) => `${(100 * (value - lowest)) / Math.max(1 - lowest, 1e-9)}%`;
  return (
    <tr
      ref={measure}
      data-index={at}
      aria-rowindex={at + 2}
      className={chosen ? "dcf-annotators-chosen" : undefined}
    >
      <td>
        <button
          type="button"
          className="dcf-annotator"
          data-annotator={at}
          tabIndex={tabbable ? 0 : -1}
          aria-expanded={chosen}
          title={row.name}
          onFocus={() => onFocus(at)}
          onClick={() => onChoose(row.name)}
        >
          <Name>{row.name}</Name>
        </button>
      </td>
      <td data-unit={row.votes === 1 ? "vote" : "votes"}>{count(row.votes)}</td>
      <td>
        <span className="dcf-accuracy" aria-hidden="true">
          <span style={{ left: place(row.low), right: `calc(100% - ${place(row.high)})` }} />
          <i style={{ left: place(row.accuracy) }} />
        </span>
        {percent(row.accuracy, 1)}{" "}
        <span className="dcf-soft">
          ({percent(row.low, 0).replace(" %", "")} to {percent(row.high, 0)})
        </span>
      </td>
      <td title={row.meant < 0 ? undefined : `${meant} → ${said}`}>
        {row.meant < 0 ? (
          <span className="dcf-soft">none</span>
        ) : (
          <span className="dcf-annotators-said">
            <Name>{meant}</Name> → <Name>{said}</Name>{" "}
            <span className="dcf-soft">≈ {decimal(row.confused)}</span>
          </span>
        )}
      </td>
      <td data-unit="probably wrong">{count(row.wrong)}</td>
    </tr>
  );
}
