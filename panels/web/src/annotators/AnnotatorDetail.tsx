// What one annotator confuses, drawn as the overview is, and what can be done about it.
import { Button } from "@mui/material";
import * as React from "react";
import { count, plural } from "../format";
import { useNames } from "../objects/names";
import { Face } from "../overview/CellButton";
import { saturation } from "../overview/cells";
import { Name } from "../parts/Name";
import { useSession } from "../session";
import { useAsk } from "../useAsk";
import type { AnnotatorActs } from "./Annotators";
import { everyVoteOf } from "./given";
import { type Annotator, type Confusion, confused } from "./table";

const MOST_ROWS = 30;
const MOST_CELLS = 12;

interface Props extends AnnotatorActs {
  annotator: Annotator;
}

export function AnnotatorDetail({ annotator, onShow, onReview, onRank }: Props) {
  const { key, revision } = useSession();
  const { name, wrong } = annotator;
  const { thing } = useNames();
  const { run, iteration } = key;
  const { reply, problem } = useAsk("annotator", { run, iteration, of: name }, [revision]);
  const rows = React.useMemo(() => (reply ? confused(reply) : []), [reply]);
  const largest = Math.max(
    ...rows.flat().map(({ meant, said, open }) => (meant === said ? 0 : open)),
    0,
  );
  return (
    <section className="dcf-annotator-detail" aria-label={`What ${name} confused`}>
      <h4>
        What <Name>{name}</Name> confused
      </h4>
      <div className="dcf-card-buttons">
        <Button
          variant="contained"
          size="small"
          disabled={!wrong}
          onClick={() => onReview(everyVoteOf(name))}
        >
          {wrong
            ? `Review the ${plural(wrong, "label")} most probably wrong`
            : "No open label is probably wrong"}
        </Button>
        <Button size="small" onClick={() => onShow(everyVoteOf(name))}>
          Show only their {thing}s
        </Button>
      </div>
      {problem && <p className="dcf-note">The confusions cannot be read: {problem.message}</p>}
      {reply && rows.length === 0 && (
        <p className="dcf-note">
          No vote on an open {thing} differs from what it most probably is.
        </p>
      )}
      <div className="dcf-confusions">
        {rows.slice(0, MOST_ROWS).map((cells) => (
          <ConfusedRow
            key={cells[0]?.meant}
            cells={cells}
            largest={largest}
            onOpen={({ meant, said }) => onRank({ annotator: name, meant, said })}
          />
        ))}
      </div>
      {rows.length > MOST_ROWS && (
        <p className="dcf-note">and {plural(rows.length - MOST_ROWS, "class", "classes")} more</p>
      )}
      {rows.length > 0 && (
        <p className="dcf-note">
          A row is what it most probably is, a cell what {name} said, counted on open {thing}s; red
          bars are by the probability that the vote is wrong, 1 on top. A click shows the {thing}s.
        </p>
      )}
    </section>
  );
}

interface RowProps {
  cells: readonly Confusion[];
  largest: number;
  onOpen: (cell: Confusion) => void;
}

function ConfusedRow({ cells, largest, onOpen }: RowProps) {
  const { prediction } = useNames();
  const meant = prediction(cells[0]?.meant ?? -1);
  const open = cells.reduce((sum, cell) => sum + cell.open, 0);
  return (
    <fieldset className="dcf-confused" aria-label={`Most probably ${meant}`}>
      <div className="dcf-confused-head" title={meant}>
        <Name className="dcf-head-name">{meant}</Name>
        <span className="dcf-head-count">{count(open)} open</span>
      </div>
      <div className="dcf-confused-cells">
        {cells.slice(0, MOST_CELLS).map((cell) => (
          <Said
            key={cell.said}
            cell={cell}
            meant={meant}
            said={prediction(cell.said)}
            blue={cell.meant === cell.said ? 0 : saturation(cell.open, largest)}
            onOpen={() => onOpen(cell)}
          />
        ))}
        {cells.length > MOST_CELLS && (
          <span className="dcf-note">and {count(cells.length - MOST_CELLS)} more</span>
        )}
      </div>
    </fieldset>
  );
}

interface SaidProps {
  cell: Confusion;
  meant: string;
  said: string;
  blue: number;
  onOpen: () => void;
}

function Said({ cell, meant, said, blue, onOpen }: SaidProps) {
  const right = cell.meant === cell.said;
  const gone = cell.votes - cell.open;
  return (
    <div
      className={`dcf-said${right ? " dcf-cell-correct" : ""}`}
      style={{ "--dcf-blue": blue } as React.CSSProperties}
    >
      <button
        type="button"
        className="dcf-cell-open"
        aria-label={`${said} ${count(cell.open)} open, voted ${right ? "the same" : said} where ${meant} is likely${gone ? `, ${count(gone)} decided` : ""}. Show them`}
        onClick={onOpen}
      >
        <Face name={said} bars={cell.bars}>
          <span className="dcf-cell-count">{count(cell.open)}</span>
        </Face>
      </button>
    </div>
  );
}
