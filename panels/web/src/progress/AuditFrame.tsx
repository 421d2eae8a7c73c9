// What an audit looks like around what is judged: how far it is, what went wrong, and its end.
import { Button, IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import type { AuditInfo, Problem as ProblemOf } from "../events";
import { count } from "../format";
import { Icon } from "../parts/Icon";
import { BlindOutcome } from "../parts/Outcome";
import { Problem } from "../parts/Problem";
import { Waiting } from "../parts/States";

/** What the frame needs to know of the places of an audit. */
interface Places {
  item: unknown;
  line: unknown;
  problem: ProblemOf | null;
  skipped: readonly number[];
  closed: boolean;
  judged: number;
  retry: () => void;
  restart: () => void;
}

/** What is said of what is judged, where it is no audit. */
export interface Words {
  region: string;
  title: React.ReactNode;
  waiting: string;
  done: string;
  leave: string;
}

interface Props {
  info: AuditInfo;
  audit: Places;
  onLeave: () => void;
  /** What the place in front is called. */
  part?: string;
  words?: Words;
  children: React.ReactNode;
}

const wordsOf = ({ number }: AuditInfo): Words => ({
  region: "Audit",
  title: `Audit ${number}`,
  waiting: "Fetching what the audit drew …",
  done: "The audit is judged",
  leave: "See the estimate",
});

export function AuditFrame({ info, audit, onLeave, part, children, ...given }: Props) {
  const { skipped } = audit;
  const words = given.words ?? wordsOf(info);
  if (audit.problem && !audit.line)
    return <Problem problem={audit.problem} onRetry={audit.retry} onBack={onLeave} />;
  if (!audit.line) return <Waiting text={words.waiting} />;
  return (
    <section className="dcf-queue" aria-label={words.region}>
      <header className="dcf-bar dcf-cellbar">
        <Tooltip title="Back to the progress (Esc)">
          <IconButton size="small" aria-label="Back to the progress" onClick={onLeave}>
            <Icon name="back" />
          </IconButton>
        </Tooltip>
        <h2 className="dcf-title">{words.title}</h2>
        <span className="dcf-soft" role="status">
          {count(audit.judged)} of {count(info.size)} judged
          {skipped.length > 0 && ` · ${count(skipped.length)} skipped`}
          {part && ` · ${part}`}
        </span>
      </header>
      {audit.closed && (
        <p className="dcf-note dcf-hint" role="note">
          This audit was ended in another window. What you judge still counts as decisions.
        </p>
      )}
      {audit.problem && (
        <p className="dcf-inline-problem" role="alert">
          {audit.problem.message}
        </p>
      )}
      {audit.item ? (
        children
      ) : (
        <div className="dcf-screen">
          <Icon name="check" className="dcf-screen-icon" />
          <h3>{skipped.length ? "Only skipped ones are left" : words.done}</h3>
          <div className="dcf-screen-buttons">
            {skipped.length > 0 && (
              <Button onClick={audit.restart}>Go through the skipped ones</Button>
            )}
            <Button variant="contained" onClick={onLeave}>
              {words.leave}
            </Button>
          </div>
        </div>
      )}
      <BlindOutcome />
    </section>
  );
}
