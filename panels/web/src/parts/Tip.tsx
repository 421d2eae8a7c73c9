// A tooltip that shows on disabled buttons too.
import { Tooltip } from "@mui/material";
import * as React from "react";

export function Tip({ title, children }: { title: string; children: React.ReactElement }) {
  return (
    <Tooltip title={title}>
      <span>{children}</span>
    </Tooltip>
  );
}
