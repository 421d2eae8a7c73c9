// The probabilities of a sample as bars, with its label and the prediction marked.
import * as React from "react";
import type { SampleInfo } from "../events";
import { percent } from "../format";
import { useSession } from "../session";

interface Props {
  sample: SampleInfo;
  /** With it the classes are numbered buttons. */
  onPick?: (label: number) => void;
}

export function Probabilities({ sample, onPick }: Props) {
  const { classes } = useSession();
  return (
    <ul className="dcf-probabilities" aria-label="Probability of each class">
      {sample.probabilities.map(({ label, p }, at) => {
        const marks = [
          label === sample.label ? "label" : "",
          label === sample.prediction ? "prediction" : "",
        ].filter(Boolean);
        const body = (
          <>
            {onPick && <kbd>{at + 1}</kbd>}
            <bdi className="dcf-p-name">{classes[label]}</bdi>
            {marks.map((mark) => (
              <span key={mark} className={`dcf-mark dcf-mark-${mark}`}>
                {mark}
              </span>
            ))}
            <span className="dcf-p-value">{percent(p, 1)}</span>
            <span className="dcf-p-bar" style={{ "--dcf-p": p } as React.CSSProperties} />
          </>
        );
        return (
          <li key={label}>
            {onPick ? (
              <button type="button" className="dcf-p dcf-p-pick" onClick={() => onPick(label)}>
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
