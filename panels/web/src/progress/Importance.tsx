// Cleaning by importance, round by round: what it has brought, where to go on, when to stop.
import { usePromptOperatorInput } from "@fiftyone/operators";
import { Button } from "@mui/material";
import * as React from "react";
import { asProblem, launch, uriOf } from "../ask";
import { count, fixed, percent, plural } from "../format";
import { Name } from "../parts/Name";
import { useSession } from "../session";
import { useAsk } from "../useAsk";
import { Curve } from "./Curve";

const RANK = "rank_by_importance";
const four = (value: number) => fixed(value, 4);

export function Importance({ onRank }: { onRank: (label: number | null) => void }) {
  const { run, key, classes, overview, workedOut, report } = useSession();
  const prompt = usePromptOperatorInput();
  const because = [overview.revision, workedOut.rounds];
  const { reply, problem, retry } = useAsk("importance", { run: key.run }, because);
  const [scoring, setScoring] = React.useState(false);
  const rounds = reply?.rounds ?? [];
  const last = rounds.at(-1);
  const measured = rounds.flatMap(({ auroc }, at) => (auroc === null ? [] : [{ auroc, at }]));
  const first = reply?.begin[0];
  const outdated = reply?.iteration !== run.iterations.at(-1)?.number;
  const since = reply && last && !outdated ? reply.reviewed - last.looked : 0;
  const score = () => {
    setScoring(true);
    const { embeddings, variant } = reply ?? { embeddings: "", variant: "" };
    // No class: what is given to be looked at is what the ranking shows.
    const given = { run_key: run.key, embeddings, variant, class_size: {}, in_panel: true };
    launch(RANK, given)
      .catch((error) => report(RANK, asProblem(error)))
      .finally(() => {
        setScoring(false);
        retry();
      });
  };
  return (
    <section className="dcf-card dcf-card-wide" aria-labelledby="dcf-importance-title">
      <h3 id="dcf-importance-title">Cleaning by importance</h3>
      {problem && <p className="dcf-note">The rounds cannot be read: {problem.message}</p>}
      <p className="dcf-note" data-testid="importance-advice">
        {reply?.advice}
        {since > 0 && ` ${plural(since, "decision")} since the last round.`}
      </p>
      {rounds.length > 1 && (
        <div className="dcf-curves">
          {measured.length > 1 && (
            <Curve
              name="AUROC by round"
              x={measured.map(({ at }) => at + 1)}
              y={measured.map(({ auroc }) => auroc)}
              from={Math.min(...measured.map(({ auroc }) => auroc))}
              write={four}
              marks={measured.length <= 7}
            />
          )}
          <Curve
            name="Labels fixed by round"
            x={rounds.map((_, at) => at + 1)}
            y={rounds.map(({ fixed }) => fixed)}
            marks={rounds.length <= 7}
          />
        </div>
      )}
      {last && (
        <p>
          Round {count(rounds.length)}
          {last.auroc !== null && `: AUROC ${four(last.auroc)}`}, {count(last.fixed)} of{" "}
          {plural(last.looked, "sample")} fixed.
          {first && (
            <>
              {" "}
              Most confused: {percent(first.share, 1)} of <Name>{first.label}</Name> are predicted{" "}
              <Name>{first.prediction}</Name>.
            </>
          )}
        </p>
      )}
      <div className="dcf-card-buttons">
        {first && (
          <Button
            size="small"
            variant="contained"
            onClick={() => onRank(Math.max(0, classes.indexOf(first.label)))}
          >
            <span>
              Look at <Name>{first.label}</Name>
            </span>
          </Button>
        )}
        {last ? (
          <Button size="small" disabled={scoring || (since === 0 && !outdated)} onClick={score}>
            {scoring ? "Scoring …" : "Score again"}
          </Button>
        ) : (
          <Button
            size="small"
            onClick={() => prompt(uriOf(RANK), { run_key: run.key, in_panel: true })}
          >
            Rank by importance
          </Button>
        )}
      </div>
    </section>
  );
}
