// Which objects are chosen, by the ids of their labels.
import * as React from "react";
import type { Selection } from "../selection";

export function useObjectSelection(): Selection {
  const [ids, setIds] = React.useState<ReadonlyMap<string, string>>(new Map());
  return React.useMemo(() => {
    const entries = (list: Iterable<string>) => [...list].map((id) => [id, "default"] as const);
    const without = (old: ReadonlyMap<string, string>, list: Iterable<string>) => {
      const gone = new Set(list);
      return new Map([...old].filter(([id]) => !gone.has(id)));
    };
    return {
      ids,
      set: (list) => setIds(new Map(entries(list))),
      toggle: (id) =>
        setIds((old) => (old.has(id) ? without(old, [id]) : new Map([...old, [id, "default"]]))),
      add: (list) => setIds((old) => new Map([...old, ...entries(list)])),
      drop: (list) => setIds((old) => without(old, list)),
    };
  }, [ids]);
}
