// Which of the samples or labels on screen are chosen, by FiftyOne's selection, and which one is in focus.
import * as React from "react";
import { type Owner, useObjectSelection } from "../objects/selection";
import { useSample } from "../samples";
import { useSelection } from "../selection";
import { useSession } from "../session";
import { TakenOut } from "./takenOut";

export interface Pickable {
  row: number;
  id: string;
  /** Of a label: the sample that it lies on, and whether it is missing there. */
  on?: { sample: string; missing: boolean };
}

/** `faint` are rows that are shown but left alone. */
export function usePicked(samples: readonly Pickable[], faint: ReadonlySet<number> = NONE) {
  const { iteration, run } = useSession();
  const owners = React.useMemo(() => {
    const found = new Map<string, Owner>();
    for (const { id, on } of samples)
      if (on)
        found.set(id, {
          sample: on.sample,
          field: on.missing ? `${run.key}_missing` : run.label_field,
        });
    return found;
  }, [samples, run]);
  const [ofSamples, ofObjects] = [useSelection(), useObjectSelection(owners)];
  const { ids: inFiftyOne, set, add, toggle, drop } = iteration.objects ? ofObjects : ofSamples;
  const [out] = React.useState(() => new TakenOut());
  React.useEffect(() => {
    const back = out.back(inFiftyOne.keys(), performance.now());
    if (back.length) drop(back);
  }, [inFiftyOne, drop, out]);
  const [wanted, setFocus] = React.useState<number | null>(null);
  const byRow = React.useMemo(() => new Map(samples.map(({ row, id }) => [row, id])), [samples]);
  // Rows that were decided on may have left the screen before they are taken out of the selection.
  const met = React.useRef(new Map<number, string>());
  for (const [row, id] of byRow) met.current.set(row, id);
  const chosen = React.useMemo(
    () =>
      samples.filter(({ row, id }) => inFiftyOne.has(id) && !faint.has(row)).map(({ row }) => row),
    [samples, inFiftyOne, faint],
  );
  const selected = React.useMemo(() => new Set(chosen), [chosen]);
  const focus = wanted !== null && byRow.has(wanted) ? wanted : (chosen[0] ?? null);
  const sample = useSample(focus);

  const idsOf = (rows: readonly number[]) => rows.map((row) => met.current.get(row) ?? "");
  const clear = () => set([]);
  const chooseIds = (ids: string[], more: boolean) => {
    out.chosen(ids);
    return more ? add(ids) : set(ids);
  };
  const choose = (rows: readonly number[], more: boolean) =>
    chooseIds(idsOf(rows.filter((row) => !faint.has(row))), more);
  /** Selects those of a lasso or a range, the first of them in focus. */
  const enclose = (rows: readonly number[], more: boolean) => {
    if (rows.length) setFocus(rows[0] ?? null);
    choose(rows, more);
  };
  const click = (row: number | null, more: boolean) => {
    if (row === null) {
      if (!more) clear();
      return;
    }
    const id = byRow.get(row);
    if (id === undefined || faint.has(row)) return;
    setFocus(row);
    out.chosen([id]);
    if (more) toggle(id);
    else set([id]);
  };
  const takeOut = (ids: readonly string[]) => {
    out.take(ids, performance.now());
    drop(ids);
  };
  return {
    chosen,
    selected,
    /** How many are selected in FiftyOne and not here. */
    elsewhere: inFiftyOne.size - chosen.length,
    focus,
    setFocus,
    sample,
    idsOf,
    click,
    enclose,
    chooseIds,
    /** Selects all that is shown and not faint. */
    all: () =>
      choose(
        samples.map(({ row }) => row),
        false,
      ),
    clear,
    /** Takes what was decided on out of the selection. */
    takeOut,
    /** Takes rows that were decided on out of the selection. */
    done: (rows: readonly number[]) => {
      takeOut(idsOf(rows));
      setFocus(null);
    },
  };
}

const NONE: ReadonlySet<number> = new Set();
