// The probabilities of a sample as bars, with its label and the prediction marked.
import * as React from "react";
import type { SampleInfo } from "../events";
import { percent, share } from "../format";
import { useSession } from "../session";
import type { Listed } from "./digits";
import { Name } from "./Name";

interface Props {
  sample: SampleInfo;
  /** The classes to choose from; by default those that are known, to be read only. */
  choices?: readonly Listed[];
  onPick?: (label: number) => void;
}

export function Probabilities({ sample, choices, onPick }: Props) {
  const { classes } = useSession();
  const most = mostOfOthers(sample);
  const list = choices ?? sample.probabilities.map((known) => ({ ...known, key: "" }));
  return (
    <ul className="dcf-probabilities" aria-label="Probability of each class">
      {list.map(({ label, p, key }) => {
        const marks = [
          label === sample.label ? "label" : "",
          label === sample.prediction ? "prediction" : "",
        ].filter(Boolean);
        const body = (
          <>
            {onPick && (key ? <kbd>{key}</kbd> : <span className="dcf-p-nokey" />)}
            <span className="dcf-p-text">
              <Name className="dcf-p-name">{classes[label]}</Name>
              {marks.map((mark) => (
                <span key={mark} className={`dcf-mark dcf-mark-${mark}`}>
                  {mark}
                </span>
              ))}
            </span>
            <span className="dcf-p-value">{p === null ? most : share(p)}</span>
            <span className="dcf-p-bar" style={{ "--dcf-p": p ?? 0 } as React.CSSProperties} />
          </>
        );
        const likely = label === sample.prediction ? " dcf-p-likely" : "";
        return (
          <li key={label}>
            {onPick ? (
              <button
                type="button"
                className={`dcf-p dcf-p-pick${likely}`}
                aria-keyshortcuts={key || undefined}
                onClick={() => onPick(label)}
              >
                {body}
              </button>
            ) : (
              <div className="dcf-p">{body}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const KEPT = 5;

/** Of a sample the most probable classes are kept, and its label: the others are no more probable. */
function mostOfOthers({ probabilities }: SampleInfo): string {
  const kept = probabilities.map(({ p }) => p).sort((a, b) => b - a);
  const p = kept[KEPT - 1] ?? 0;
  return p < 0.001 ? share(p) : `≤ ${percent(p, 1)}`;
}
