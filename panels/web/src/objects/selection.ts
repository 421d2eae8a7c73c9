// Which labels are chosen: those that are selected in FiftyOne, as labels, or as patches where it shows these.
import * as fos from "@fiftyone/state";
import * as React from "react";
import { useRecoilState, useRecoilValue } from "recoil";
import type { Selection } from "../selection";
import { useSession } from "../session";

/** Where a label is to be found in FiftyOne. */
export interface Owner {
  sample: string;
  field: string;
}

/** The field whose patches a view shows, null where it shows images. */
export function patchesOf(view: readonly unknown[]): string | null {
  let field: string | null = null;
  for (const stage of view) {
    const { _cls, kwargs } = (stage ?? {}) as { _cls?: string; kwargs?: [string, unknown][] };
    if (!_cls?.endsWith(".ToPatches") || !Array.isArray(kwargs)) continue;
    const named = kwargs.find(([name]) => name === "field")?.[1];
    if (typeof named === "string") field = named;
  }
  return field;
}

/** Labels by whether they are selected as patches. */
export function parted(
  ids: Iterable<string>,
  owners: ReadonlyMap<string, Owner>,
  patches: string | null,
) {
  const [asPatches, asLabels]: [string[], fos.SelectedLabel[]] = [[], []];
  for (const labelId of ids) {
    const owner = owners.get(labelId);
    if (!owner) continue;
    if (owner.field === patches) asPatches.push(labelId);
    else asLabels.push({ labelId, field: owner.field, sampleId: owner.sample });
  }
  return { asPatches, asLabels };
}

/** `owners` are those of the labels on screen; what else is selected stays so until it is replaced. */
export function useObjectSelection(owners: ReadonlyMap<string, Owner>): Selection {
  const { run } = useSession();
  const shown = patchesOf(useRecoilValue(fos.view) ?? []);
  // Patches of another field have other ids.
  const patches = shown === run.label_field || shown === `${run.key}_missing` ? shown : null;
  const [labels, setLabels] = useRecoilState(fos.selectedLabels);
  const [samples, setSamples] = useRecoilState(fos.selectedSamples);
  return React.useMemo(() => {
    const ids = new Map<string, string>();
    for (const { labelId } of labels) ids.set(labelId, "default");
    if (patches !== null) for (const [id, kind] of samples) ids.set(id, kind);
    const change = (added: Iterable<string>, stays: (id: string) => boolean) => {
      const { asPatches, asLabels } = parted(added, owners, patches);
      const come = new Set(asLabels.map(({ labelId }) => labelId));
      setLabels((old) => [
        ...old.filter(({ labelId }) => stays(labelId) && !come.has(labelId)),
        ...asLabels,
      ]);
      if (patches === null) return;
      setSamples((old) => {
        const next = new Map([...old].filter(([id]) => stays(id)));
        for (const id of asPatches) next.set(id, "default");
        return next;
      });
    };
    return {
      ids,
      set: (list) => change(list, () => false),
      toggle: (id) => change(ids.has(id) ? [] : [id], (other) => other !== id),
      add: (list) => change(list, () => true),
      drop: (list) => {
        const gone = new Set(list);
        change([], (id) => !gone.has(id));
      },
    };
  }, [labels, samples, patches, owners, setLabels, setSamples]);
}
