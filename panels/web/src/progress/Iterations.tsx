// The iterations of the run and the effort: what retraining and looking have brought.
import * as React from "react";
import { count, percent, plural } from "../format";
import { NextIteration } from "../parts/NextIteration";
import { useSession } from "../session";
import { useAsk } from "../useAsk";
import { Curve } from "./Curve";
import { ReportButton } from "./ReportButton";

export function Iterations() {
  const { run, key, overview } = useSession();
  const because = [overview.revision];
  const { reply: history, problem } = useAsk("history", { run: key.run }, because);
  const rows = history?.iterations ?? [];
  const last = rows.at(-1);
  const judged = rows.some((row) => row.trusted_accuracy !== null);
  const compared = rows.some((row) => row.appeared !== null);
  return (
    <section className="dcf-card dcf-card-wide" aria-labelledby="dcf-iterations-title">
      <h3 id="dcf-iterations-title">Iterations</h3>
      {problem && <p className="dcf-note">The iterations cannot be compared: {problem.message}</p>}
      <div className="dcf-curves">
        {rows.length > 1 && (
          <Curve
            name="Suspects by iteration"
            x={rows.map((row) => row.iteration)}
            y={rows.map((row) => row.suspects)}
            marks
          />
        )}
        {history && history.looked.length > 0 && (
          <Curve
            name="Labels fixed by samples looked at"
            x={[0, ...history.looked]}
            y={[0, ...history.fixed]}
          />
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="dcf-table-frame" aria-label="Iterations, a table" tabIndex={0}>
        <table className="dcf-table">
          <thead>
            <tr>
              <th scope="col">Iteration</th>
              <th scope="col">Samples</th>
              <th scope="col">Agreement with labels</th>
              <th scope="col">Suspects</th>
              {judged && <th scope="col">With reviewed labels</th>}
              {compared && <th scope="col">Cells new, gone</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.iteration}>
                <td>{row.iteration}</td>
                <td>{count(row.samples)}</td>
                <td>{percent(row.agreement, 2)}</td>
                <td>{count(row.suspects)}</td>
                {judged && (
                  <td>
                    {row.trusted_accuracy === null
                      ? ""
                      : `${percent(row.trusted_accuracy, 1)} of ${count(row.trusted)}`}
                  </td>
                )}
                {compared && (
                  <td>{row.appeared === null ? "" : `${row.appeared}, ${row.vanished}`}</td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {last && last.trusted_accuracy !== null && (
        <p className="dcf-note" data-testid="judged-agreement">
          Iteration {last.iteration} predicts {percent(last.trusted_accuracy, 1)} of the{" "}
          {plural(last.trusted, "label")} reviewed so far. Most were reviewed because they looked
          wrong, so this compares iterations and is no accuracy on all samples.
        </p>
      )}
      <div className="dcf-card-buttons">
        <NextIteration run={run} />
        <ReportButton />
      </div>
    </section>
  );
}
