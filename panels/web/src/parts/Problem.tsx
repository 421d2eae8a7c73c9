// An error as a screen of its own: what happened, and what to do.

import { Button } from "@mui/material";
import * as React from "react";
import type { Problem as Said } from "../events";
import { Icon } from "./Icon";

interface Props {
  problem: Said;
  onRetry: () => void;
  onBack?: () => void;
}

export function Problem({ problem, onRetry, onBack }: Props) {
  const expected = problem.kind === "input";
  return (
    <div className="dcf-screen" role="alert">
      <Icon name="warn" className="dcf-screen-icon" />
      <h3>{expected ? "This cannot be shown" : "Something went wrong"}</h3>
      <p className="dcf-screen-message">{problem.message}</p>
      {!expected && (
        <p>
          Nothing was changed. Try again. If it stays, report it with the number in the details: the
          log of the App's server has all of it under that number.
        </p>
      )}
      <div className="dcf-screen-buttons">
        <Button variant="contained" onClick={onRetry}>
          Try again
        </Button>
        {onBack && <Button onClick={onBack}>Back to the overview</Button>}
      </div>
      {problem.detail && (
        <details className="dcf-trace">
          <summary>Details</summary>
          <pre>{problem.detail}</pre>
        </details>
      )}
    </div>
  );
}
