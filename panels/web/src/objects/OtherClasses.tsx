// The classes that an object may be instead, each with a digit.
import * as React from "react";
import { share } from "../format";
import { SHORTCUTS } from "../shortcuts";
import { useNames } from "./names";

interface Props {
  others: readonly { label: number; p: number }[];
  /** Whether digits give them. */
  keys?: boolean;
  onPick: (label: number) => void;
}

export function OtherClasses({ others, keys = true, onPick }: Props) {
  const names = useNames();
  if (!others.length) return null;
  return (
    <ul className="dcf-probabilities" aria-label="Other classes">
      {others.map(({ label, p }, at) => {
        const key = keys ? SHORTCUTS.objectPick.keys[at] : undefined;
        return (
          <li key={label}>
            <button
              type="button"
              className="dcf-p dcf-p-pick"
              aria-keyshortcuts={key}
              onClick={() => onPick(label)}
            >
              {key ? <kbd>{key}</kbd> : keys && <span className="dcf-p-nokey" />}
              <span className="dcf-p-text">
                <bdi className="dcf-p-name">{names.label(label)}</bdi>
              </span>
              <span className="dcf-p-value">{share(p)}</span>
              <span className="dcf-p-bar" style={{ "--dcf-p": p } as React.CSSProperties} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
