// The end of the queue: what is left elsewhere, and what was passed over.
import { Button } from "@mui/material";
import * as React from "react";
import { plural } from "../format";
import { Icon } from "../parts/Icon";
import { Skipped } from "./Skipped";
import type { Line } from "./useLine";

interface Props {
  line: Line;
  /** What it counts. */
  noun: string;
  /** What "back" goes back to. */
  to: string;
  onBack: () => void;
  onBring: (row: number) => void;
  onAgain: () => void;
}

export function End({ line, noun, to, onBack, onBring, onAgain }: Props) {
  const { skipped, deleted, outside } = line;
  const title = skipped.length
    ? `Only skipped ${noun}s are left`
    : outside
      ? "Nothing left in FiftyOne's current view"
      : "The queue is empty";
  return (
    <div className="dcf-screen">
      <Icon name="check" className="dcf-screen-icon" />
      <h3>{title}</h3>
      {outside > 0 && <p>{plural(outside, `open ${noun}`)} outside the view. Clear it to go on.</p>}
      {deleted > 0 && (
        <p>
          {plural(deleted, noun)} {noun === "sample" ? "deleted" : "done"} elsewhere.
        </p>
      )}
      {skipped.length > 0 && (
        <>
          <p>{plural(skipped.length, noun)} skipped.</p>
          <Skipped rows={skipped} noun={noun} onPick={onBring} />
        </>
      )}
      <div className="dcf-screen-buttons">
        {skipped.length > 0 && (
          <Button variant="contained" autoFocus onClick={onAgain}>
            Go through the skipped ones
          </Button>
        )}
        <Button onClick={onBack}>Back to {to}</Button>
      </div>
    </div>
  );
}
