// The iterations of the run: agreement and errors shown, as lines and as numbers.
import * as React from "react";
import { count, percent } from "../format";
import { useSession } from "../session";

const WIDTH = 300;
const HEIGHT = 90;

export function Iterations() {
  const { run } = useSession();
  const all = run.iterations;
  return (
    <section className="dcf-card" aria-labelledby="dcf-iterations-title">
      <h3 id="dcf-iterations-title">Iterations</h3>
      {all.length > 1 && (
        <Curve
          name="Suspects shown"
          values={all.map((iteration) => iteration.misclassified)}
          text={count}
        />
      )}
      <div className="dcf-table-frame">
        <table className="dcf-table">
          <thead>
            <tr>
              <th scope="col">Iteration</th>
              <th scope="col">Samples</th>
              <th scope="col">Agreement</th>
              <th scope="col">Suspects</th>
            </tr>
          </thead>
          <tbody>
            {all.map((iteration) => (
              <tr key={iteration.number}>
                <td>{iteration.number}</td>
                <td>{count(iteration.samples)}</td>
                <td>{percent(iteration.agreement, 2)}</td>
                <td>{count(iteration.misclassified)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface CurveProps {
  name: string;
  values: number[];
  text: (value: number) => string;
}

/** A line over the iterations, from zero. */
export function Curve({ name, values, text }: CurveProps) {
  const most = Math.max(...values, 1e-9);
  const points = values.map((value, at) => ({
    x: 24 + ((WIDTH - 48) * at) / Math.max(values.length - 1, 1),
    y: HEIGHT - 18 - ((HEIGHT - 40) * value) / most,
    value,
    at,
  }));
  return (
    <svg
      className="dcf-curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${name}: ${values.map(text).join(", ")}`}
    >
      <line x1="0" x2={WIDTH} y1={HEIGHT - 18} y2={HEIGHT - 18} className="dcf-interval-scale" />
      <polyline points={points.map(({ x, y }) => `${x},${y}`).join(" ")} />
      {points.map(({ x, y, value, at }) => (
        <g key={at}>
          <circle cx={x} cy={y} r="3.5" />
          <text x={x} y={y - 7} textAnchor="middle">
            {text(value)}
          </text>
          <text x={x} y={HEIGHT - 5} textAnchor="middle">
            {at + 1}
          </text>
        </g>
      ))}
    </svg>
  );
}
