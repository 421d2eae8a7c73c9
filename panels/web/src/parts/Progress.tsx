// How far the run is: reviewed and open, decisions by kind, agreement by iteration.
import { LinearProgress } from "@mui/material";
import * as React from "react";
import type { RunInfo } from "../events";
import { count, percent } from "../format";
import { useSession } from "../session";

const KINDS: [string, string][] = [
  ["added", "added"],
  ["moved", "moved"],
  ["relabeled", "relabelled"],
  ["confirmed", "confirmed"],
  ["removed", "removed"],
  ["tagged", "tagged"],
];

export function Progress() {
  const { overview, run } = useSession();
  const { progress } = overview;
  const suspectsDone = progress.wrong - progress.open_wrong;
  const share = progress.wrong ? suspectsDone / progress.wrong : 1;
  return (
    // biome-ignore lint/a11y/useSemanticElements: numbers, no form
    <div className="dcf-progress" role="group" aria-label="Progress">
      <div className="dcf-progress-main">
        <LinearProgress
          variant="determinate"
          value={100 * share}
          aria-label="Suspects reviewed"
          className="dcf-progress-bar"
        />
        <span>
          <strong>{count(suspectsDone)}</strong> of {count(progress.wrong)} suspects reviewed
        </span>
      </div>
      <dl className="dcf-numbers">
        <Total name="open" value={count(progress.open)} />
        {KINDS.filter(([kind]) => progress.decisions[kind]).map(([kind, name]) => (
          <Total key={kind} name={name} value={count(progress.decisions[kind] ?? 0)} />
        ))}
      </dl>
      <Agreement run={run} />
    </div>
  );
}

function Total({ name, value }: { name: string; value: string }) {
  return (
    <div data-number={name}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The share of labels that each iteration's classifier agreed with. */
function Agreement({ run }: { run: RunInfo }) {
  const values = run.iterations.map((iteration) => iteration.agreement);
  const text = values.map((value) => percent(value, 1)).join(" → ");
  const low = Math.min(...values) - 0.005;
  const high = Math.max(...values) + 0.005;
  const points = values.map((value, at) => {
    const x = values.length > 1 ? 3 + (54 * at) / (values.length - 1) : 30;
    return `${x},${21 - (18 * (value - low)) / (high - low)}`;
  });
  return (
    <div
      className="dcf-agreement"
      title="The share of labels that the classifier predicts, iteration by iteration"
    >
      {values.length > 1 && (
        <svg width="60" height="24" aria-hidden="true">
          <polyline points={points.join(" ")} />
          {points.map((point) => {
            const [cx, cy] = point.split(",");
            return <circle key={point} cx={cx} cy={cy} r="2.5" />;
          })}
        </svg>
      )}
      <span>
        <span className="dcf-soft">agreement with labels</span> {text}
      </span>
    </div>
  );
}
