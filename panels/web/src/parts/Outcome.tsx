// What became of the last action, shown where it was taken: conflicts and errors with what to do.
import { Button, IconButton } from "@mui/material";
import * as React from "react";
import type { Conflict } from "../events";
import { plural } from "../format";
import { type Outcome as Result, useSession } from "../session";
import { Icon } from "./Icon";

const DONE: Record<string, string> = {
  relabel: "Relabelled",
  confirm: "Confirmed",
  remove: "Removed",
  tag: "Tagged",
  undo: "Took back a decision on",
};

const REASONS: Record<string, string> = {
  relabeled: "somebody gave it another label meanwhile",
  deleted: "it is no longer in the dataset",
  exists: "its id or file is in use again",
  busy: "it was being changed at that moment; try again",
  too_large: "its document is too large to keep for undo",
  error: "the database refused the change",
};

export function explain(conflict: Conflict): string {
  const why = REASONS[conflict.reason] ?? conflict.reason;
  return conflict.reason === "relabeled"
    ? `expected ${conflict.expected || "no label"}, found ${conflict.found || "no label"}: ${why}`
    : why;
}

export function summary({ action, rows, reply, problem }: Result): string {
  if (problem) return problem.message;
  const applied = reply?.applied ?? 0;
  const kept = reply?.conflict_count ?? 0;
  const did = applied
    ? `${DONE[action] ?? action} ${plural(applied, "sample")}.`
    : "Nothing was changed.";
  if (kept) return `${did} ${plural(kept, "sample")} ${kept === 1 ? "was" : "were"} left alone.`;
  return applied || !rows ? did : `${did} These samples are decided already.`;
}

export function Outcome() {
  const { outcome, dismiss, undo, busy, refresh } = useSession();
  const [open, setOpen] = React.useState(false);
  const bad =
    outcome !== null && (outcome.problem !== null || (outcome.reply?.conflict_count ?? 0) > 0);
  React.useEffect(() => {
    setOpen(false);
    if (!outcome || bad) return;
    const timer = window.setTimeout(dismiss, 8000);
    return () => window.clearTimeout(timer);
  }, [outcome, bad, dismiss]);
  const conflicts = outcome?.reply?.conflicts ?? [];
  const detail = outcome?.problem?.detail ?? "";
  return (
    <div className="dcf-outcome-place" role={bad ? "alert" : "status"}>
      {outcome && (
        <div className={`dcf-outcome${bad ? " dcf-outcome-bad" : ""}`}>
          {bad && <Icon name="warn" />}
          <span className="dcf-outcome-text">{summary(outcome)}</span>
          {(conflicts.length > 0 || detail) && (
            <Button size="small" onClick={() => setOpen(!open)} aria-expanded={open}>
              {open ? "Less" : "Details"}
            </Button>
          )}
          {bad && (
            <Button size="small" onClick={() => void refresh()}>
              Reload
            </Button>
          )}
          {outcome.reply?.decision && outcome.action !== "undo" && (
            <Button
              size="small"
              disabled={busy}
              onClick={() => void undo(outcome.reply?.decision ?? undefined)}
            >
              Undo
            </Button>
          )}
          <IconButton size="small" aria-label="Dismiss" onClick={dismiss}>
            <Icon name="close" />
          </IconButton>
        </div>
      )}
      {outcome && open && (
        <div className="dcf-outcome-detail">
          {conflicts.length > 0 ? (
            <ul>
              {conflicts.map((conflict) => (
                <li key={conflict.id}>
                  <code>{conflict.id}</code> {explain(conflict)}
                </li>
              ))}
            </ul>
          ) : (
            <pre>{detail}</pre>
          )}
        </div>
      )}
    </div>
  );
}
