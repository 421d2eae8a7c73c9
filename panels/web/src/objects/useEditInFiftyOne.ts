// Opens what is judged in FiftyOne's own annotation, where more can be done than here.
import { executeOperator } from "@fiftyone/operators";
import * as fos from "@fiftyone/state";
import * as React from "react";
import { useRecoilValue, useSetRecoilState } from "recoil";
import type { ObjectInfo } from "../events";
import { WholeContext } from "../parts/WholeWindow";
import { useSession } from "../session";
import { patchesOf } from "./selection";

const OPEN = "@voxel51/operators/open_sample";

/** Where FiftyOne shows patches, the patch is opened: it annotates whole images alone. */
export function useEditInFiftyOne(object: ObjectInfo | null, missing: boolean): () => void {
  const { run, report } = useSession();
  const patches = patchesOf(useRecoilValue(fos.view) ?? []);
  const { setWhole } = React.useContext(WholeContext);
  const select = useSetRecoilState(fos.selectedLabels);
  return () => {
    if (!object) return;
    const { id, sample } = object;
    const field = missing ? `${run.key}_missing` : run.label_field;
    if (patches !== null && patches !== field) {
      const message = `FiftyOne shows patches of “${patches}”. Go back to its images to edit this one.`;
      report("edit", { kind: "input", message, detail: "" });
      return;
    }
    setWhole(false);
    select([{ labelId: id, field, sampleId: sample }]);
    const params = patches === null ? { id: sample, mode: "annotate" } : { id, mode: "explore" };
    executeOperator(OPEN, params).catch((error) =>
      report("edit", { kind: "unexpected", message: String(error), detail: "" }),
    );
  };
}
