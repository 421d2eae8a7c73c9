// A button of a decision: what it does, its shortcut, and the number of samples it is about.
import { Button, Tooltip } from "@mui/material";
import * as React from "react";
import { SHORTCUTS } from "../shortcuts";
import { Icon } from "./Icon";

interface Props {
  tip: keyof typeof SHORTCUTS;
  icon: React.ComponentProps<typeof Icon>["name"];
  count: number;
  disabled: boolean;
  strong?: boolean;
  wide?: boolean;
  danger?: boolean;
  buttonRef?: React.Ref<HTMLButtonElement>;
  onClick: () => void;
  children: React.ReactNode;
}

export function ActionButton({
  tip,
  icon,
  count,
  disabled,
  strong,
  wide,
  danger,
  buttonRef,
  onClick,
  children,
}: Props) {
  const { keys, does } = SHORTCUTS[tip];
  return (
    <Tooltip title={`${does} (${keys[0]})`} placement="left">
      <span className={`dcf-action${wide ? " dcf-action-wide" : ""}`}>
        <Button
          {...(buttonRef ? { ref: buttonRef } : {})}
          fullWidth
          size="small"
          variant={strong ? "contained" : "outlined"}
          color={danger ? "error" : "primary"}
          disabled={disabled}
          onClick={onClick}
          startIcon={<Icon name={icon} />}
          className={`dcf-button${strong ? " dcf-button-strong" : ""}${danger ? " dcf-button-danger" : ""}`}
          aria-keyshortcuts={keys[0]}
        >
          <span className="dcf-button-text">{children}</span>
          <span className="dcf-button-count">{count}</span>
        </Button>
      </span>
    </Tooltip>
  );
}
