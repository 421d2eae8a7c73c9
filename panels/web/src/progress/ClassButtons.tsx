// The classes that a person may see in what is judged, each with its key.
import { Button } from "@mui/material";
import * as React from "react";
import { Name } from "../parts/Name";
import { useSession } from "../session";

interface Props {
  labels: readonly number[];
  keys: readonly string[];
  onPick: (at: number) => void;
}

/** Letters that a narrow button has no room for on two lines. */
const LONG = 16;

export function ClassButtons({ labels, keys, onPick }: Props) {
  const { classes } = useSession();
  const long = labels.some((label) => (classes[label]?.length ?? 0) > LONG);
  return (
    <div className={`dcf-verdicts${long ? " dcf-verdicts-long" : ""}`}>
      {labels.map((label, at) => (
        <Button
          key={label}
          size="small"
          variant="outlined"
          className="dcf-button"
          onClick={() => onPick(at)}
          aria-keyshortcuts={keys[at] || undefined}
        >
          <span className="dcf-button-text">
            <Name>{classes[label]}</Name>
          </span>
          {keys[at] && <kbd>{keys[at]}</kbd>}
        </Button>
      ))}
    </div>
  );
}
