// The classes that a person may see in what is judged, each with its key.
import { Button } from "@mui/material";
import * as React from "react";
import { useSession } from "../session";

interface Props {
  labels: readonly number[];
  keys: readonly string[];
  onPick: (at: number) => void;
}

export function ClassButtons({ labels, keys, onPick }: Props) {
  const { classes } = useSession();
  return (
    <div className="dcf-verdicts">
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
            <bdi>{classes[label]}</bdi>
          </span>
          {keys[at] && <kbd>{keys[at]}</kbd>}
        </Button>
      ))}
    </div>
  );
}
