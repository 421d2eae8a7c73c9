// The range of IIES that is shown, over the histogram of the cell.

import { Slider } from "@mui/material";
import * as React from "react";
import { fixed } from "../format";
import { BINS, firstBin, LEAST_IIES } from "../overview/cells";

interface Props {
  classes: number;
  bars: readonly number[];
  value: [number, number];
  onChange: (value: [number, number]) => void;
  onCommit: (value: [number, number]) => void;
}

export function IiesRange({ classes, bars, value, onChange, onCommit }: Props) {
  const low = classes > 1 ? 1 / classes : 0;
  const first = firstBin(classes);
  const most = Math.max(1, ...bars);
  const step = (1 - low) / BINS;
  return (
    <div className="dcf-iies">
      <svg
        className="dcf-iies-bars"
        viewBox={`${first} 0 ${BINS - first} 1`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {bars.map((count, bin) => {
          const from = low + bin * step;
          const height = count ? Math.max(0.06, count / most) : 0;
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its index
              key={bin}
              x={bin + 0.08}
              y={1 - height}
              width={0.84}
              height={height}
              className={from + step > value[0] && from < value[1] ? "" : "dcf-out"}
            />
          );
        })}
      </svg>
      <Slider
        size="small"
        min={LEAST_IIES}
        max={1}
        step={0.005}
        value={value}
        onChange={(_, next) => onChange(next as [number, number])}
        onChangeCommitted={(_, next) => onCommit(next as [number, number])}
        getAriaLabel={(at) => (at === 0 ? "Lowest IIES shown" : "Highest IIES shown")}
        valueLabelDisplay="auto"
        valueLabelFormat={(v) => fixed(v, 2)}
      />
      <div className="dcf-iies-scale" aria-hidden="true">
        <span>{fixed(LEAST_IIES, 2)}</span>
        <span>IIES</span>
        <span>1.00</span>
      </div>
    </div>
  );
}
