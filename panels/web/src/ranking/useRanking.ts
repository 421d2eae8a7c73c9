// A page of the ranking as it stands, asked for anew when the choice, the view or the journal changes.
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { Problem, RankingReply } from "../events";
import { useSession } from "../session";
import { type RankingChoice, without } from "./choice";

export const PAGE = 2000;

interface Answer {
  by: RankingChoice["by"];
  reply: RankingReply;
}

export function useRanking({ by, above, label }: RankingChoice, offset: number, view: string) {
  const { key, revision, settled, workedOut } = useSession();
  const [answer, setAnswer] = React.useState<Answer | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [turn, again] = React.useReducer((n: number) => n + 1, 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: view, revision, workedOut and turn ask anew
  React.useEffect(() => {
    let current = true;
    ask("ranking", { ...key, by, above, label, offset, limit: PAGE }).then(
      (reply) => {
        if (!current) return;
        setAnswer({ by, reply });
        setProblem(null);
      },
      (error) => current && setProblem(asProblem(error)),
    );
    return () => {
      current = false;
    };
  }, [key, by, above, label, offset, view, revision, workedOut.maps, workedOut.scores, turn]);
  // The samples of another score are no stand-in for those on their way; other thresholds' are.
  const known = answer?.by === by ? answer.reply : null;
  const reply = React.useMemo(() => known && without(known, settled), [known, settled]);
  return { reply, problem, retry: again };
}
