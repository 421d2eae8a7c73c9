// Whether a class keeps its digit, or the most probable one is always 1.
import { ToggleButton, ToggleButtonGroup } from "@mui/material";
import * as React from "react";
import { type DigitOrder, LISTED_UP_TO } from "../parts/digits";
import { useSession } from "../session";

interface Props {
  digits: DigitOrder;
  onDigits: (digits: DigitOrder) => void;
}

export function DigitChoice({ digits, onDigits }: Props) {
  const { classes } = useSession();
  if (classes.length > LISTED_UP_TO) return null;
  return (
    <div className="dcf-digits">
      <span className="dcf-soft">Digits</span>
      <ToggleButtonGroup
        size="small"
        exclusive
        value={digits}
        onChange={(_, value) => value && onDigits(value)}
        aria-label="What digits give"
      >
        <ToggleButton value="class">One a class</ToggleButton>
        <ToggleButton value="probability">By probability</ToggleButton>
      </ToggleButtonGroup>
    </div>
  );
}
