// Which part of a long list is on screen, and the way to the next one.
import { IconButton } from "@mui/material";
import * as React from "react";
import { count } from "../format";
import { Icon } from "./Icon";

interface Props {
  offset: number;
  page: number;
  total: number;
  /** How the list is sorted, such as "highest first". */
  order: string;
  before: string;
  after: string;
  onOffset: (offset: number) => void;
}

export function Pages({ offset, page, total, order, before, after, onOffset }: Props) {
  if (total <= page) return null;
  return (
    <div className="dcf-pages">
      <span>
        {count(offset + 1)} to {count(Math.min(offset + page, total))} of {count(total)}, {order}
      </span>
      <IconButton
        size="small"
        aria-label={before}
        disabled={offset === 0}
        onClick={() => onOffset(Math.max(0, offset - page))}
      >
        <Icon name="left" />
      </IconButton>
      <IconButton
        size="small"
        aria-label={after}
        disabled={offset + page >= total}
        onClick={() => onOffset(offset + page)}
      >
        <Icon name="right" />
      </IconButton>
    </div>
  );
}
