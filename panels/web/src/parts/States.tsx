// What the panel shows when there is nothing to judge, and what to do then.

import { usePromptOperatorInput } from "@fiftyone/operators";
import { Button, CircularProgress } from "@mui/material";
import * as React from "react";
import { uriOf } from "../ask";
import type { RunInfo, StatusReply } from "../events";
import { plural } from "../format";
import { useNoun } from "../objects/names";
import { useSession } from "../session";
import { FIND } from "../useNextIteration";
import { Icon } from "./Icon";
import { NextIteration } from "./NextIteration";
import { outdatedText } from "./outdated";

export function Waiting({ text }: { text: string }) {
  return (
    <div className="dcf-screen" role="status" aria-busy="true">
      <CircularProgress size={28} aria-label={text} />
      <p>{text}</p>
    </div>
  );
}

export function NoDataset() {
  return (
    <div className="dcf-screen">
      <h3>No dataset is open</h3>
      <p>Choose a dataset at the top left of the App.</p>
    </div>
  );
}

interface RunProblemProps {
  run: RunInfo;
  problem: string;
  others: RunInfo[];
  onRun: (key: string) => void;
  onRetry: () => void;
}

/** A run that cannot be worked on, such as one whose label field was renamed. */
export function RunProblem({ run, problem, others, onRun, onRetry }: RunProblemProps) {
  const prompt = usePromptOperatorInput();
  return (
    <div className="dcf-screen" role="alert">
      <Icon name="warn" className="dcf-screen-icon" />
      <h3>The run {run.key} cannot be worked on now</h3>
      <p className="dcf-screen-message">{problem}</p>
      <div className="dcf-screen-buttons">
        <Button
          variant="contained"
          onClick={() => prompt(uriOf("repoint_run"), { run_key: run.key })}
        >
          Point it at another field
        </Button>
        <Button onClick={onRetry}>Try again</Button>
        {others.map((other) => (
          <Button key={other.key} onClick={() => onRun(other.key)}>
            Open the run {other.key}
          </Button>
        ))}
      </div>
    </div>
  );
}

export function NoRun({ status }: { status: StatusReply }) {
  const prompt = usePromptOperatorInput();
  const usable = status.label_fields.length > 0;
  const problem = status.runs.find((run) => run.problem)?.problem;
  return (
    <div className="dcf-screen">
      <Icon name="search" className="dcf-screen-icon" />
      <h3>
        {status.jobs.length ? "Label errors are being looked for" : "No run on this dataset yet"}
      </h3>
      {usable ? (
        <p>
          A classifier predicts the class of every sample. Those whose label is not the prediction,
          the suspects, are shown here for review.
        </p>
      ) : (
        <p>
          {status.samples === 0
            ? "The dataset has no samples."
            : "The dataset has no Classification, Classifications or Detections field. Label errors are found in such fields."}
        </p>
      )}
      {problem && <p className="dcf-screen-message">{problem}</p>}
      {usable && !status.jobs.length && (
        <div className="dcf-screen-buttons">
          <Button
            variant="contained"
            onClick={() => prompt(FIND, { label_field: status.label_fields[0] })}
          >
            Find label errors
          </Button>
        </div>
      )}
    </div>
  );
}

export function AllResolved() {
  const { overview, run } = useSession();
  const noun = useNoun();
  const { progress } = overview;
  const are = progress.open === 1 ? "is" : "are";
  const rest =
    noun === "sample"
      ? `${plural(progress.open, noun)} with a label that the classifier predicts ${are} open: ` +
        "an audit (Progress) tells how many of them are wrong."
      : `${plural(progress.open, noun)} that ${are} less likely wrong ${are} open.`;
  return (
    <div className="dcf-achieved" role="status">
      <Icon name="check" className="dcf-screen-icon" />
      <div>
        <h3>Every suspect of this iteration is reviewed</h3>
        <p>
          {plural(progress.wrong, "suspect")}, none open. {rest} The next iteration learns from the
          labels as they are now.
        </p>
      </div>
      <NextIteration run={run} variant="contained" />
    </div>
  );
}

export function Outdated({ onDismiss }: { onDismiss: () => void }) {
  const { outdated, run } = useSession();
  if (!outdated) return null;
  const text = outdatedText(outdated);
  if (!text) return null;
  return (
    <div className="dcf-banner" role="status">
      <Icon name="warn" />
      <span>Since this iteration: {text}. The next one takes that into account.</span>
      <NextIteration run={run} />
      <Button size="small" onClick={onDismiss}>
        Dismiss
      </Button>
    </div>
  );
}
