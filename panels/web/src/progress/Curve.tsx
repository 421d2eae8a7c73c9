// A line chart, from zero unless said otherwise, small, with its numbers for those who cannot see it.
import * as React from "react";
import { count } from "../format";

const WIDTH = 300;
const HEIGHT = 120;
const LEFT = 10;
const TOP = 24;
const BOTTOM = HEIGHT - 18;

interface Props {
  name: string;
  x: number[];
  y: number[];
  /** Whether every point is marked with its number. */
  marks?: boolean;
  /** What the chart's lower edge stands for. */
  from?: number;
  write?: (value: number) => string;
}

export function Curve({ name, x, y, marks, from = 0, write = count }: Props) {
  const first = Math.min(...x);
  const last = Math.max(...x, first + 1e-9);
  const most = Math.max(...y, from + 1e-9);
  const points = x.map((value, at) => ({
    at,
    value: y[at] ?? 0,
    left: LEFT + 10 + ((WIDTH - 2 * LEFT - 20) * (value - first)) / (last - first),
    top: BOTTOM - ((BOTTOM - TOP) * ((y[at] ?? from) - from)) / (most - from),
  }));
  const end = points.at(-1);
  return (
    <figure className="dcf-figure">
      <figcaption>{name}</figcaption>
      <svg
        className="dcf-curve"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${name}: ${marks ? y.map(write).join(", ") : `${write(y.at(-1) ?? 0)} by ${count(last)}`}`}
      >
        <line x1="0" x2={WIDTH} y1={BOTTOM} y2={BOTTOM} className="dcf-interval-scale" />
        <polyline points={points.map(({ left, top }) => `${left},${top}`).join(" ")} />
        {(marks ? points : end ? [end] : []).map(({ at, left, top, value }) => (
          <g key={at}>
            <circle cx={left} cy={top} r="3.5" />
            <text x={left} y={top - 7} textAnchor={marks ? "middle" : "end"}>
              {write(value)}
            </text>
            <text x={left} y={HEIGHT - 5} textAnchor={marks ? "middle" : "end"}>
              {count(x[at] ?? 0)}
            </text>
          </g>
        ))}
      </svg>
    </figure>
  );
}
