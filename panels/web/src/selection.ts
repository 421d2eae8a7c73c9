// The selection, shared with FiftyOne's grid: there is only one, and it is the App's.
import * as fos from "@fiftyone/state";
import * as React from "react";
import { useRecoilState } from "recoil";

export interface Selection {
  ids: ReadonlyMap<string, string>;
  set: (ids: Iterable<string>) => void;
  toggle: (id: string) => void;
  add: (ids: Iterable<string>) => void;
  drop: (ids: Iterable<string>) => void;
}

export function useSelection(): Selection {
  const [ids, setIds] = useRecoilState(fos.selectedSamples);
  return React.useMemo(() => {
    const entries = (list: Iterable<string>) => [...list].map((id) => [id, "default"] as const);
    return {
      ids,
      set: (list) => setIds(new Map(entries(list))),
      toggle: (id) =>
        setIds((old) => {
          const next = new Map(old);
          if (!next.delete(id)) next.set(id, "default");
          return next;
        }),
      add: (list) => setIds((old) => new Map([...old, ...entries(list)])),
      drop: (list) =>
        setIds((old) => {
          const next = new Map(old);
          for (const id of list) next.delete(id);
          return next;
        }),
    };
  }, [ids, setIds]);
}
