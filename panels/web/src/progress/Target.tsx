// The target that the curator has set, and how far it is. A distance, never a verdict.
import { Button, MenuItem, Select } from "@mui/material";
import * as React from "react";
import type { Target as Aim } from "../events";
import { count, percent } from "../format";
import type { Audit } from "./useAudit";

const SHARES = [0.8, 0.9, 0.95, 0.99];
const CONFIDENCES = [0.9, 0.95, 0.99];

interface Props {
  audit: Audit;
  target: Aim;
  /** How many were drawn. */
  audits: number;
  /** What of a run's errors it counts, where that is not all of them. */
  counts?: string;
}

export function Target({ audit, target, audits, counts }: Props) {
  const [share, setShare] = React.useState(target.share);
  const [confidence, setConfidence] = React.useState(target.confidence);
  const changed = share !== target.share || confidence !== target.confidence;
  const options = (known: number[], own: number) =>
    [...new Set([...known, own])].sort((a, b) => a - b);
  return (
    <section className="dcf-card" aria-labelledby="dcf-target-title">
      <h3 id="dcf-target-title">Target</h3>
      <div className="dcf-target-line">
        At least{" "}
        <Select
          size="small"
          variant="standard"
          value={share}
          onChange={(event) => setShare(Number(event.target.value))}
          inputProps={{ "aria-label": "Share of the errors to find" }}
        >
          {options(SHARES, target.share).map((value) => (
            <MenuItem key={value} value={value}>
              {percent(value)}
            </MenuItem>
          ))}
        </Select>{" "}
        of the errors found, with{" "}
        <Select
          size="small"
          variant="standard"
          value={confidence}
          onChange={(event) => setConfidence(Number(event.target.value))}
          inputProps={{ "aria-label": "Confidence" }}
        >
          {options(CONFIDENCES, target.confidence).map((value) => (
            <MenuItem key={value} value={value}>
              {percent(value)}
            </MenuItem>
          ))}
        </Select>{" "}
        confidence
        {changed && (
          <Button
            size="small"
            disabled={audit.busy}
            onClick={() => void audit.aim(share, confidence)}
          >
            Set
          </Button>
        )}
      </div>
      {audits > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a meter cannot show the target's mark
        <div
          className="dcf-target-bar"
          role="meter"
          aria-label="Least share of the errors found"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(100 * target.sure)}
        >
          <span className="dcf-target-sure" style={{ width: `${100 * target.sure}%` }} />
          <span className="dcf-target-mark" style={{ left: `${100 * target.share}%` }} />
        </div>
      )}
      <p className="dcf-note" data-testid="distance">
        {audits === 0 ? (
          "An audit tells how far that is reached."
        ) : (
          <>
            Found by now: at least {percent(target.sure)} of the errors, with{" "}
            {percent(target.confidence)} confidence
            {target.likely !== null && `; best estimate ${percent(target.likely)}`}. At most{" "}
            {count(target.most_left)} are left,{" "}
            {target.reached
              ? "within the target."
              : `the target allows ${count(target.allowed_left)}: fix more, or audit more.`}
          </>
        )}
      </p>
      {counts && <p className="dcf-note">{counts}</p>}
      {audits > 1 && (
        <p className="dcf-note">
          The confidence holds over all audits together, so this bound is wider than the last
          audit's own interval.
        </p>
      )}
    </section>
  );
}
