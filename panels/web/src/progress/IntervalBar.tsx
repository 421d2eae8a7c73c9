// A number with its interval on a line from zero.
import * as React from "react";
import type { Range } from "../events";
import { count } from "../format";

const WIDTH = 300;

export function IntervalBar({ value, most }: { value: Range; most: number }) {
  const x = (n: number) => (WIDTH * Math.min(n, most)) / most;
  return (
    <svg
      className="dcf-interval"
      viewBox={`0 0 ${WIDTH} 26`}
      role="img"
      aria-label={`${count(value.point)}, between ${count(value.low)} and ${count(value.high)}, on a scale to ${count(most)}`}
    >
      <line x1="0" y1="10" x2={WIDTH} y2="10" className="dcf-interval-scale" />
      <rect
        x={x(value.low)}
        y="6"
        width={Math.max(2, x(value.high) - x(value.low))}
        height="8"
        rx="4"
      />
      <circle cx={x(value.point)} cy="10" r="5" />
      <text x="0" y="25">
        0
      </text>
      <text x={WIDTH} y="25" textAnchor="end">
        {count(most)}
      </text>
    </svg>
  );
}
