// Long work beside the App, on whatever screen: how far it is, a way to stop it, what became of it.
import { executeOperator } from "@fiftyone/operators";
import { Button, IconButton, LinearProgress } from "@mui/material";
import * as React from "react";
import { ask } from "../ask";
import type { Ended as End, Job } from "../events";
import { clock, percent, timeLeft } from "../format";
import { Icon } from "./Icon";

interface Work {
  jobs: readonly Job[];
  /** Looks at once for what is under way. */
  look: () => void;
}

export const WorkContext = React.createContext<Work>({ jobs: [], look: () => {} });

interface WorksProps {
  jobs: readonly Job[];
  ended: readonly End[];
  onChange: () => void;
}

/** What is under way, and what became of the last work on each of the other runs. */
export function Works({ jobs, ended, onChange }: WorksProps) {
  const others = ended.filter((end) => !jobs.some((job) => job.run === end.run));
  const named = jobs.length + others.length > 1;
  return (
    <>
      {jobs.map((job) => (
        <Running key={job.run} of={job} named={named} onChange={onChange} />
      ))}
      {others.map((end) => (
        <Ended key={end.id} of={end} named={named} onChange={onChange} />
      ))}
    </>
  );
}

interface Of<T> {
  of: T;
  /** Whether it says on which run: there are several. */
  named: boolean;
  onChange: () => void;
}

function Running({ of: job, named, onChange }: Of<Job>) {
  const [asked, setAsked] = React.useState(false);
  const known = job.progress !== null;
  const told = [
    known && percent(job.progress ?? 0, 0),
    clock(job.seconds),
    job.left !== null && timeLeft(job.left),
  ];
  return (
    <div className="dcf-running" role="status">
      <span className="dcf-running-text">
        {named && <span className="dcf-soft">{job.run}: </span>}
        <strong>{job.task}</strong> <span className="dcf-soft">{job.label}</span>
      </span>
      <LinearProgress
        aria-label={job.task}
        className="dcf-progress-bar"
        {...(known
          ? { variant: "determinate" as const, value: 100 * (job.progress ?? 0) }
          : { variant: "indeterminate" as const })}
      />
      <span className="dcf-running-time">{told.filter(Boolean).join(" · ")}</span>
      <Button
        size="small"
        disabled={asked || job.cancelling}
        onClick={() => {
          setAsked(true);
          ask("cancel", { run: job.run }).then(onChange, () => setAsked(false));
        }}
        startIcon={<Icon name="close" />}
      >
        {asked || job.cancelling ? "Cancelling …" : "Cancel"}
      </Button>
    </div>
  );
}

function Ended({ of: end, named, onChange }: Of<End>) {
  const bad = end.variant === "error";
  return (
    <div className={`dcf-ended dcf-ended-${end.variant}`} role={bad ? "alert" : "status"}>
      <Icon name={end.variant === "success" ? "check" : "warn"} />
      <span className="dcf-ended-text">
        {named && <span className="dcf-soft">{end.run}: </span>}
        {end.text}
      </span>
      <IconButton
        size="small"
        aria-label={`Dismiss: ${end.task}`}
        onClick={() => void ask("dismiss", { ended: end.id }).then(onChange, onChange)}
      >
        <Icon name="close" />
      </IconButton>
    </div>
  );
}

/** Says once, wherever in the App one is, what ended while this window looked on. */
export function useNotices(ended: readonly End[] | null): void {
  const seen = React.useRef<Set<string> | null>(null);
  React.useEffect(() => {
    if (!ended) return;
    const before = seen.current;
    seen.current = new Set([...(before ?? []), ...ended.map((end) => end.id)]);
    const fresh = before ? ended.filter((end) => !before.has(end.id)) : [];
    for (const { text, variant } of fresh)
      void executeOperator("@voxel51/operators/notify", { message: text, variant }).catch(() => {});
    if (fresh.length) void executeOperator("@voxel51/operators/reload_dataset").catch(() => {});
  }, [ended]);
}
