// From which similarity on two images count as near-duplicates, with how many pairs that gives.
import { Button, MenuItem, Select, Slider } from "@mui/material";
import * as React from "react";
import type { DuplicateScope, DuplicatesReply } from "../events";
import { fixed, plural } from "../format";

interface Props {
  reply: DuplicatesReply;
  threshold: number;
  scope: DuplicateScope;
  onLook: (threshold: number) => void;
  onScope: (scope: DuplicateScope) => void;
  onSet: () => void;
  changed: boolean;
}

const SCOPES: Record<DuplicateScope, string> = {
  same_prediction: "Same prediction",
  all: "Any prediction",
};

export function Threshold(props: Props) {
  const { reply, threshold, scope, onLook, onScope, onSet, changed } = props;
  const [dragged, setDragged] = React.useState(threshold);
  React.useEffect(() => setDragged(threshold), [threshold]);
  const step = reply.steps.threshold.findIndex((value) => value >= dragged - 1e-6);
  // What is listed is counted; for where the slider is on its way the next step is near enough.
  const listed = Math.abs(dragged - reply.threshold) < 1e-6 && scope === reply.scope;
  const pairs = listed ? reply.totals.pairs : (reply.steps.pairs[step] ?? 0);
  return (
    <div className="dcf-threshold">
      <Select<DuplicateScope>
        size="small"
        value={scope}
        onChange={(event) => onScope(event.target.value as DuplicateScope)}
        inputProps={{ "aria-label": "Which images are compared" }}
        className="dcf-select"
      >
        {(Object.keys(SCOPES) as DuplicateScope[]).map((name) => (
          <MenuItem key={name} value={name}>
            {SCOPES[name]}
          </MenuItem>
        ))}
      </Select>
      <Slider
        size="small"
        min={reply.lowest}
        max={1}
        step={0.005}
        value={dragged}
        aria-label="Least SSIM of near-duplicates"
        getAriaValueText={(value) => `SSIM ${fixed(value, 3)}`}
        onChange={(_, value) => setDragged(value as number)}
        onChangeCommitted={(_, value) => onLook(value as number)}
      />
      <span className="dcf-soft dcf-threshold-text">
        SSIM ≥ {fixed(dragged, 3)} · {listed ? "" : "about "}
        {plural(pairs, "pair")}
      </span>
      {changed && (
        <Button size="small" onClick={onSet}>
          Set
        </Button>
      )}
    </div>
  );
}
