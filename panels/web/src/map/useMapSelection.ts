// The rows chosen on the map, in step with FiftyOne's selection while there are not too many.
import * as React from "react";
import { ask, asProblem } from "../ask";
import { useSelection } from "../selection";
import { useSession } from "../session";

/** More than the grid can mark at once stay on the map alone. */
export const MOST_SHARED = 2000;

export function useMapSelection() {
  const { key, report } = useSession();
  const selection = useSelection();
  const [chosen, setChosen] = React.useState<number[]>([]);
  // What the map itself has put into FiftyOne's selection, so that it does not come back as news.
  const given = React.useRef<ReadonlySet<string>>(new Set());
  const turn = React.useRef(0);
  const share = React.useRef(selection.set);
  share.current = selection.set;

  const choose = React.useCallback(
    (rows: number[]) => {
      setChosen(rows);
      turn.current += 1;
      const mine = turn.current;
      const give = (ids: string[]) => {
        if (mine !== turn.current) return;
        given.current = new Set(ids);
        share.current(ids);
      };
      if (!rows.length || rows.length > MOST_SHARED) give([]);
      else
        ask("same", { ...key, rows, ids: [] }).then(
          (reply) => give(reply.ids),
          (error) => report("same", asProblem(error)),
        );
    },
    [key, report],
  );

  React.useEffect(() => {
    const ids = [...selection.ids.keys()];
    if (ids.length === given.current.size && ids.every((id) => given.current.has(id))) return;
    given.current = new Set(ids);
    turn.current += 1;
    const mine = turn.current;
    if (!ids.length) setChosen([]);
    else if (ids.length <= MOST_SHARED)
      ask("same", { ...key, rows: [], ids }).then(
        (reply) => {
          if (mine === turn.current) setChosen(reply.rows);
        },
        (error) => report("same", asProblem(error)),
      );
  }, [selection.ids, key, report]);

  return { chosen, choose, alone: chosen.length > MOST_SHARED };
}
