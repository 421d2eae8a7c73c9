// The panel's head: which run and iteration, which screen, and what can be started.

import {
  IconButton,
  MenuItem,
  Select,
  ToggleButton,
  ToggleButtonGroup,
  Tooltip,
} from "@mui/material";
import * as React from "react";
import type { IterationInfo, RunInfo } from "../events";
import { percent } from "../format";
import { hasScreen } from "../objects/NotForObjects";
import { useNoun } from "../objects/names";
import { Icon } from "./Icon";
import { KeyboardState } from "./KeyboardState";
import { NextIteration } from "./NextIteration";
import { WholeButton } from "./WholeWindow";

export type ScreenName = "overview" | "queue" | "ranking" | "duplicates" | "map" | "progress";

const SCREENS: [ScreenName, string][] = [
  ["overview", "Overview"],
  ["queue", "Queue"],
  ["ranking", "Ranking"],
  ["duplicates", "Duplicates"],
  ["map", "Map"],
  ["progress", "Progress"],
];

interface Props {
  runs: RunInfo[];
  run: RunInfo;
  iteration: IterationInfo;
  screen: ScreenName;
  onRun: (key: string) => void;
  onIteration: (number: number) => void;
  onScreen: (screen: ScreenName) => void;
  onUndo: () => void;
  onHelp: () => void;
  busy: boolean;
}

export function Header(props: Props) {
  const { runs, run, iteration, screen } = props;
  const thing = useNoun();
  return (
    <header className="dcf-header">
      <Select
        size="small"
        value={run.key}
        onChange={(event) => props.onRun(event.target.value)}
        inputProps={{ "aria-label": "Run" }}
        className="dcf-select"
      >
        {runs.map(({ key, label_field }) => (
          <MenuItem key={key} value={key}>
            {key}
            <span className="dcf-option-hint">{label_field}</span>
          </MenuItem>
        ))}
      </Select>
      <Select
        size="small"
        value={iteration.number}
        onChange={(event) => props.onIteration(Number(event.target.value))}
        inputProps={{ "aria-label": "Iteration" }}
        className="dcf-select"
      >
        {run.iterations.map(({ number, agreement }) => (
          <MenuItem key={number} value={number}>
            Iteration {number}
            <span className="dcf-option-hint">{percent(agreement, 1)}</span>
          </MenuItem>
        ))}
      </Select>
      <ToggleButtonGroup
        size="small"
        exclusive
        value={screen}
        onChange={(_, value) => value && props.onScreen(value)}
        aria-label="Screen"
        className="dcf-screens"
      >
        {SCREENS.filter(([name]) => hasScreen(thing, name)).map(([name, title]) => (
          <ToggleButton key={name} value={name}>
            {title}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      <span className="dcf-grow" />
      <KeyboardState />
      <Tooltip title="Undo the last decision (u)">
        <span>
          <IconButton size="small" aria-label="Undo" onClick={props.onUndo} disabled={props.busy}>
            <Icon name="undo" />
          </IconButton>
        </span>
      </Tooltip>
      <NextIteration run={run} head />
      <WholeButton />
      <Tooltip title="Keyboard shortcuts (?)">
        <IconButton size="small" aria-label="Keyboard shortcuts" onClick={props.onHelp}>
          <Icon name="help" />
        </IconButton>
      </Tooltip>
    </header>
  );
}
