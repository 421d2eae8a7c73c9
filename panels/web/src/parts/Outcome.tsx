// What became of the last action, shown where it was taken: conflicts and errors with what to do.
import { Button, IconButton } from "@mui/material";
import * as React from "react";
import { useSession } from "../session";
import { Icon } from "./Icon";
import { explain, summary } from "./summary";

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
