// What became of the last action, shown where it was taken: conflicts and errors with what to do.
import { Button, IconButton } from "@mui/material";
import * as React from "react";
import { useNoun } from "../objects/names";
import { useRecent } from "../recent";
import { useSession } from "../session";
import { Icon } from "./Icon";
import { Name } from "./Name";
import { TilePicture } from "./PictureGrid";
import { change, explain, isBad, summary } from "./summary";

const SHOWN_MS = 8000;
const SIDE = 32;

export function Outcome() {
  const { outcome, dismiss, undo, busy, refresh } = useSession();
  const noun = useNoun();
  const { pictureOf } = useRecent();
  const [open, setOpen] = React.useState(false);
  const bad = outcome !== null && isBad(outcome);
  const reply = outcome?.reply;
  const told = Object.keys(reply?.left_out ?? {}).length > 0;
  React.useEffect(() => {
    setOpen(false);
    if (!outcome || bad || told) return;
    const timer = window.setTimeout(dismiss, SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [outcome, bad, told, dismiss]);
  const conflicts = reply?.conflicts ?? [];
  const detail = outcome?.problem?.detail ?? "";
  const what = reply?.what;
  const picture = what ? pictureOf(what.decision) : undefined;
  return (
    <div className="dcf-outcome-place" role={bad ? "alert" : "status"}>
      {outcome && (
        <div className={`dcf-outcome${bad ? " dcf-outcome-bad" : ""}`}>
          {bad && <Icon name="warn" />}
          {picture && <TilePicture tile={picture} side={SIDE} />}
          <span className="dcf-outcome-text">
            <span>{summary(outcome, noun)}</span>{" "}
            {what && (
              <strong data-testid="what">
                <Name>{change(what)}</Name>
              </strong>
            )}
          </span>
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
          {reply?.decision && (
            <Button
              size="small"
              disabled={busy}
              onClick={() => void undo(reply.decision ?? undefined)}
            >
              {outcome.action !== "undo" || what?.again ? "Undo" : "Redo"}
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

const BLIND = ["undo", "audit_verdict"];

/** The same in an audit, where nothing may tell what a sample was called. */
export function BlindOutcome() {
  const { outcome, dismiss } = useSession();
  /** What came before the audit was opened is no verdict of it. */
  const [before] = React.useState(outcome);
  const about = outcome !== before && outcome && BLIND.includes(outcome.action) ? outcome : null;
  React.useEffect(() => {
    if (!about) return;
    const timer = window.setTimeout(dismiss, SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [about, dismiss]);
  const bad = about !== null && isBad(about);
  const done = about?.reply?.applied ? "The last verdict was undone." : "Nothing was changed.";
  return (
    <div className="dcf-outcome-place" role={bad ? "alert" : "status"}>
      {about && (
        <div className={`dcf-outcome${bad ? " dcf-outcome-bad" : ""}`}>
          {bad && <Icon name="warn" />}
          <span className="dcf-outcome-text">{about.problem?.message ?? done}</span>
          <IconButton size="small" aria-label="Dismiss" onClick={dismiss}>
            <Icon name="close" />
          </IconButton>
        </div>
      )}
    </div>
  );
}
