// A page of the ranking as it stands, asked for anew when the choice, the view or the journal changes.
import * as React from "react";
import { ask } from "../ask";
import type { RankingReply } from "../events";
import { useSession } from "../session";
import { questionOf, useAnswer } from "../useAsk";
import { useCurrentView } from "../useCurrentView";
import { type RankingChoice, without } from "./choice";

export const PAGE = 2000;

interface Known {
  by: RankingChoice["by"];
  reply: RankingReply;
}

export function useRanking({ by, above, label }: RankingChoice, offset: number) {
  const { key, revision, settled, workedOut } = useSession();
  const view = useCurrentView();
  const request = { ...key, by, above, label, offset, limit: PAGE };
  const because = [view, revision, workedOut.maps, workedOut.scores];
  const answer = useAnswer<Known>(questionOf("ranking", request, because), async () => ({
    by,
    reply: await ask("ranking", request),
  }));
  // The samples of another score are no stand-in for those on their way; other thresholds' are.
  const known = answer.reply?.by === by ? answer.reply.reply : null;
  const reply = React.useMemo(() => known && without(known, settled), [known, settled]);
  return { reply, problem: answer.problem, retry: answer.retry };
}
