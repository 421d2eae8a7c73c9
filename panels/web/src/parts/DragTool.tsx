// What dragging on a map does, and a button that shows all of it.
import { IconButton, ToggleButton, ToggleButtonGroup, Tooltip } from "@mui/material";
import * as React from "react";
import { Icon } from "./Icon";

export type Tool = "lasso" | "pan";

interface Props {
  tool: Tool;
  onTool: (tool: Tool) => void;
  onFit: () => void;
}

export function DragTool({ tool, onTool, onFit }: Props) {
  return (
    <>
      <ToggleButtonGroup
        size="small"
        exclusive
        value={tool}
        onChange={(_, value) => value && onTool(value)}
        aria-label="What dragging does"
      >
        <ToggleButton value="lasso" aria-label="Lasso">
          <Icon name="lasso" />
        </ToggleButton>
        <ToggleButton value="pan" aria-label="Pan">
          <Icon name="hand" />
        </ToggleButton>
      </ToggleButtonGroup>
      <Tooltip title="Show the whole map (0)">
        <IconButton size="small" aria-label="Show the whole map" onClick={onFit}>
          <Icon name="fit" />
        </IconButton>
      </Tooltip>
    </>
  );
}
