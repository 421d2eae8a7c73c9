// Whether the panel has the whole window to itself, and the keys for that.
import { IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import { useShortcuts } from "../shortcuts";
import { Icon } from "./Icon";

interface Whole {
  whole: boolean;
  setWhole: (whole: boolean) => void;
}

export const WholeContext = React.createContext<Whole>({ whole: false, setWhole: () => {} });

/** Binds the keys, whatever the panel shows. */
export function WholeWindow() {
  const { whole, setWhole } = React.useContext(WholeContext);
  useShortcuts({ whole: () => setWhole(!whole) });
  return <LeaveWholeFirst screen="" />;
}

/** Escape leaves the whole window before it does anything on a screen; `screen` changes with that. */
export function LeaveWholeFirst({ screen }: { screen: string }) {
  const { whole, setWhole } = React.useContext(WholeContext);
  return whole ? <Leave key={screen} onLeave={() => setWhole(false)} /> : null;
}

function Leave({ onLeave }: { onLeave: () => void }) {
  useShortcuts({ leaveWhole: onLeave });
  return null;
}

export function WholeButton() {
  const { whole, setWhole } = React.useContext(WholeContext);
  return (
    <Tooltip title={whole ? "Leave the whole window (Esc)" : "Take the whole window (f)"}>
      <IconButton
        size="small"
        aria-label="Whole window"
        aria-pressed={whole}
        onClick={() => setWhole(!whole)}
      >
        <Icon name="fit" />
      </IconButton>
    </Tooltip>
  );
}
