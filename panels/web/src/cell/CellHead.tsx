// Above a cell: which one it is, how much of it is open, and where one can go from here.
import { Button, IconButton } from "@mui/material";
import * as React from "react";
import type { CellReply } from "../events";
import { count, plural } from "../format";
import { useNames, useNoun } from "../objects/names";
import { Icon } from "../parts/Icon";
import { Name } from "../parts/Name";
import { Tip } from "../parts/Tip";
import { type Session, useSession } from "../session";

const openText = (open: number, within: number | null) =>
  within === null || within === open
    ? `${count(open)} open`
    : `${count(within)} open in the view of ${count(open)}`;

/** How many open samples of a cell FiftyOne's view holds; null where it holds all. */
export function openWithin(
  { overview, inView }: Pick<Session, "overview" | "inView">,
  label: number,
  prediction: number,
): number | null {
  const counted = overview.cells.get(label)?.find((cell) => cell.prediction === prediction);
  return inView && counted ? (inView[counted.cell] ?? 0) : null;
}

export interface Ways {
  onBack: () => void;
  onQueue: () => void;
  onShow: () => void;
  onStep: (by: 1 | -1) => void;
}

interface Props extends Ways {
  label: number;
  prediction: number;
  reply: CellReply | null;
}

export function CellHead({ label, prediction, reply, onBack, onQueue, onShow, onStep }: Props) {
  const names = useNames();
  const within = openWithin(useSession(), label, prediction);
  const title =
    label === prediction ? (
      <>
        <Name>{names.label(label)}</Name> <span className="dcf-soft">predicted the same</span>
      </>
    ) : (
      <>
        <Name>{names.label(label)}</Name> <span className="dcf-soft">predicted</span>{" "}
        <Name>{names.prediction(prediction)}</Name>
      </>
    );
  return (
    <header className="dcf-bar dcf-cellbar">
      <Tip title="Back to the overview (Esc)">
        <IconButton size="small" aria-label="Back to the overview" onClick={onBack}>
          <Icon name="back" />
        </IconButton>
      </Tip>
      <h2 className="dcf-title">{title}</h2>
      <span className="dcf-soft" data-testid="cell-open">
        {reply ? openText(reply.open, within) : "…"}
        {/* From the first on, so that no line comes with it. */}
        {reply && ` · ${count(reply.decided)} reviewed`}
      </span>
      <span className="dcf-grow" />
      <IconButton size="small" aria-label="Previous cell" onClick={() => onStep(-1)}>
        <Icon name="left" />
      </IconButton>
      <IconButton size="small" aria-label="Next cell" onClick={() => onStep(1)}>
        <Icon name="right" />
      </IconButton>
      <Button
        size="small"
        className="dcf-launch"
        aria-label="Show in grid"
        title="Show in FiftyOne's grid"
        startIcon={<Icon name="grid" />}
        onClick={onShow}
      >
        <span>Show in grid</span>
      </Button>
      <Button size="small" startIcon={<Icon name="queue" />} onClick={onQueue}>
        One by one
      </Button>
    </header>
  );
}

interface DoneProps {
  decided: number;
  onNext: () => void;
  onBack: () => void;
}

export function CellDone({ decided, onNext, onBack }: DoneProps) {
  const noun = useNoun();
  return (
    <div className="dcf-screen">
      <Icon name="check" className="dcf-screen-icon" />
      <h3>Every {noun} of this cell is reviewed</h3>
      <p>{plural(decided, noun)}, none open.</p>
      <div className="dcf-screen-buttons">
        <Button variant="contained" onClick={onNext}>
          Next cell
        </Button>
        <Button onClick={onBack}>Back to the overview</Button>
      </div>
    </div>
  );
}
