// The button that starts the next iteration, and beside it the one that asks what to change first.
import { Button, IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import type { RunInfo } from "../events";
import { useNextIteration } from "../useNextIteration";
import { Icon } from "./Icon";

interface Props {
  run: RunInfo;
  variant?: "contained" | "text";
  /** In the head, where a narrow window has room for the icon alone. */
  head?: boolean;
}

export function NextIteration({ run, variant = "text", head = false }: Props) {
  const { start, change } = useNextIteration(run);
  return (
    <span className="dcf-next">
      <Tooltip title="Score every sample again, with the labels as they are now">
        <Button
          size="small"
          variant={variant}
          className={head ? "dcf-launch" : ""}
          aria-label="Next iteration"
          startIcon={head ? <Icon name="retrain" /> : undefined}
          onClick={start}
        >
          <span>Next iteration</span>
        </Button>
      </Tooltip>
      <Tooltip title="Options of the next iteration">
        <IconButton size="small" aria-label="Options of the next iteration" onClick={change}>
          <Icon name="tune" />
        </IconButton>
      </Tooltip>
    </span>
  );
}
