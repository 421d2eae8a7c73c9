// The groups at a threshold, fetched page by page, and anew after every decision.
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { DuplicateKind, DuplicateScope, Problem } from "../events";
import { useNames } from "../objects/names";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";
import { type Groups, withPage } from "./groups";

export const PAGE = 40;

export interface Asked {
  kind: DuplicateKind | null;
  threshold: number | null;
  scope: DuplicateScope | null;
  view: string;
}

export function useDuplicates({ kind, threshold, scope, view }: Asked, thumbnails: Thumbnails) {
  const { key, overview, workedOut } = useSession();
  const { prediction } = useNames();
  const [groups, setGroups] = React.useState<Groups | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [turn, again] = React.useReducer((n: number) => n + 1, 0);
  const known = React.useRef<Groups | null>(null);
  const asked = React.useRef(0);

  const fetchPage = React.useCallback(
    async (offset: number) => {
      const mine = ++asked.current;
      try {
        // Asked for anew, the list stays as long as it was.
        const limit = offset ? PAGE : Math.max(PAGE, known.current?.list.length ?? 0);
        const request = { ...key, kind, threshold, scope, offset, limit };
        const reply = await ask("duplicates", { ...request, edge: thumbnails.edge });
        if (mine !== asked.current) return;
        if (reply.sheet) await thumbnails.add(reply.sheet);
        if (mine !== asked.current) return;
        known.current = withPage(known.current, reply, offset, prediction);
        setGroups(known.current);
        setProblem(null);
      } catch (error) {
        if (mine === asked.current) setProblem(asProblem(error));
      }
    },
    [key, kind, threshold, scope, thumbnails, prediction],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: view, revision, workedOut and turn ask anew
  React.useEffect(() => {
    void fetchPage(0);
  }, [fetchPage, view, overview.revision, workedOut.duplicates, turn]);
  const more = React.useCallback(() => {
    const now = known.current;
    if (now && now.list.length < now.reply.matching) void fetchPage(now.list.length);
  }, [fetchPage]);
  return { groups, problem, more, again };
}
