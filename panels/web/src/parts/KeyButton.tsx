// A button that shows the key that does the same.
//
// It keeps the focus where it can do nothing, so that Enter works again for what comes next: what it
// does has a gate, which drops a press that is too early.
import { Button } from "@mui/material";
import * as React from "react";
import { SHORTCUTS, written } from "../shortcuts";
import { Icon, type IconName } from "./Icon";

interface Props {
  tip: keyof typeof SHORTCUTS;
  icon: IconName;
  disabled: boolean;
  danger?: boolean;
  /** For a button that turns something on and off. */
  pressed?: boolean;
  onClick: () => void;
  buttonRef?: React.Ref<HTMLButtonElement>;
  children: React.ReactNode;
}

export function KeyButton(props: Props) {
  const { tip, icon, disabled, danger, pressed, onClick, buttonRef, children } = props;
  const key = SHORTCUTS[tip].keys[0];
  return (
    <Button
      {...(buttonRef ? { ref: buttonRef } : {})}
      size="small"
      variant="outlined"
      color={danger ? "error" : "primary"}
      className={`dcf-button${danger ? " dcf-button-danger" : ""}`}
      startIcon={<Icon name={icon} />}
      aria-disabled={disabled || undefined}
      aria-pressed={pressed}
      onClick={onClick}
      aria-keyshortcuts={key}
    >
      <span className="dcf-button-text">{children}</span>
      <kbd>{written(key)}</kbd>
    </Button>
  );
}
