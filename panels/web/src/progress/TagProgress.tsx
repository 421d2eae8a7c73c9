// How far a run on tags is: suspects of each kind, what was decided, and the iterations.
import * as React from "react";
import { Consensus } from "../annotators/Consensus";
import { count, percent, plural } from "../format";
import { useNames } from "../objects/names";
import { OpinionScreen } from "../opinions/OpinionScreen";
import { Opinions } from "../opinions/Opinions";
import { SettleScreen } from "../opinions/SettleScreen";
import { useOpinions } from "../opinions/useOpinions";
import { NextIteration } from "../parts/NextIteration";
import { Outcome } from "../parts/Outcome";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { ReportCard } from "./ReportButton";

const DONE: [string, string][] = [
  ["added", "missing tags added"],
  ["removed", "tags removed"],
  ["relabeled", "tags changed into others"],
  ["confirmed", "tags confirmed, or found not to be missing"],
  ["tagged", "left for others"],
];

export function TagProgress({ onBack }: { onBack: () => void }) {
  const { overview, run } = useSession();
  const { nothing } = useNames();
  const opinions = useOpinions();
  useShortcuts({ back: opinions.open ? opinions.close : onBack });
  const { progress, rows } = overview;
  const at = rows.label.indexOf(nothing ?? -1);
  const missing = at < 0 ? 0 : (rows.wrong[at] ?? 0);
  const decided = DONE.filter(([kind]) => progress.decisions[kind]);
  if (opinions.open) {
    const Screen = opinions.settling ? SettleScreen : OpinionScreen;
    return <Screen info={opinions.open} onBack={opinions.close} />;
  }
  return (
    <section className="dcf-progress-screen" aria-label="Progress of the run">
      <div className="dcf-cards">
        <section className="dcf-card" aria-labelledby="dcf-suspects-title">
          <h3 id="dcf-suspects-title">Suspects left</h3>
          <p className="dcf-big" data-testid="left">
            {count(progress.open_wrong)}{" "}
            <span className="dcf-soft">of {count(progress.wrong)}</span>
          </p>
          <ul>
            <li>{plural(missing, "tag")} that may be missing</li>
            <li>{plural(progress.open_wrong - missing, "tag")} that may be spurious</li>
          </ul>
          <p className="dcf-note">
            About {plural(Math.round(progress.expected_errors), "error")} left by the models' own
            reckoning, which learnt from these tags and may be off. Audits, which measure it, do not
            count tags yet.
          </p>
        </section>
        <section className="dcf-card" aria-labelledby="dcf-decided-title">
          <h3 id="dcf-decided-title">Decided</h3>
          {decided.length ? (
            <ul>
              {decided.map(([kind, text]) => (
                <li key={kind}>
                  {count(progress.decisions[kind] ?? 0)} {text}
                </li>
              ))}
            </ul>
          ) : (
            <p className="dcf-note">Nothing yet: the queue (q) asks one tag after the other.</p>
          )}
        </section>
        <ReportCard />
        <Consensus />
        <Opinions {...opinions.card} />
        <section className="dcf-card" aria-labelledby="dcf-iterations-title">
          <h3 id="dcf-iterations-title">Iterations</h3>
          <table className="dcf-table">
            <thead>
              <tr>
                <th scope="col">Iteration</th>
                <th scope="col">Tags</th>
                <th scope="col">Suspects</th>
                <th scope="col">Agreement</th>
              </tr>
            </thead>
            <tbody>
              {run.iterations.map((made) => (
                <tr key={made.id}>
                  <td>{made.number}</td>
                  <td>{count(made.samples)}</td>
                  <td>{count(made.misclassified)}</td>
                  <td>{percent(made.agreement, 1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <div className="dcf-card-buttons">
            <NextIteration run={run} />
          </div>
        </section>
      </div>
      <Outcome />
    </section>
  );
}
