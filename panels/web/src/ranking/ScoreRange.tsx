// The threshold of a ranking, over the histogram of its score.
import { Slider } from "@mui/material";
import * as React from "react";
import type { RankingReply } from "../events";
import { plural } from "../format";
import { useNoun } from "../objects/names";
import { written } from "./choice";

const STEPS = 200;

interface Props {
  reply: RankingReply;
  /** What a value is called. */
  name: string;
  above: number | null;
  onCommit: (above: number | null) => void;
}

export function ScoreRange({ reply, name, above, onCommit }: Props) {
  const { bars, lowest, highest } = reply;
  const noun = useNoun();
  const range = highest - lowest;
  const first = above === null || range <= 0 ? 0 : Math.round(((above - lowest) / range) * STEPS);
  const [step, setStep] = React.useState(first);
  React.useEffect(() => setStep(first), [first]);
  // The ends are met exactly, whatever the rounding between them.
  const at = (k: number) => (k >= STEPS ? highest : lowest + (k / STEPS) * range);
  const text = (k: number) => written(at(k), lowest, highest);
  const most = Math.max(1, ...bars);
  return (
    <div className="dcf-iies">
      <svg
        className="dcf-iies-bars"
        viewBox={`0 0 ${bars.length} 1`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {bars.map((count, bin) => {
          // By the square root: the few that matter stand beside very many that do not.
          const height = count ? Math.max(0.06, Math.sqrt(count / most)) : 0;
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its index
              key={bin}
              x={bin + 0.08}
              y={1 - height}
              width={0.84}
              height={height}
              className={(bin + 1) / bars.length > step / STEPS ? "" : "dcf-out"}
            />
          );
        })}
      </svg>
      <Slider
        size="small"
        min={0}
        max={STEPS}
        value={step}
        track="inverted"
        disabled={range <= 0}
        onChange={(_, value) => setStep(value as number)}
        onChangeCommitted={(_, value) => onCommit(value === 0 ? null : at(value as number))}
        aria-label={`Lowest ${name} shown`}
        getAriaValueText={text}
        valueLabelDisplay="auto"
        valueLabelFormat={text}
      />
      <div className="dcf-iies-scale">
        <span aria-hidden="true">{text(0)}</span>
        <span role="status" data-testid="ranking-total">
          {above === null ? name : `${name} ≥ ${written(above, lowest, highest)}`} ·{" "}
          {plural(reply.total, noun)}
        </span>
        <span aria-hidden="true">{text(STEPS)}</span>
      </div>
    </div>
  );
}
