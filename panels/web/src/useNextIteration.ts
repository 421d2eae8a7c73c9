// Opens the form of the next iteration, filled in with what the last one was given.
import { usePromptOperatorInput } from "@fiftyone/operators";
import { uriOf } from "./ask";
import type { RunInfo } from "./events";

export const FIND = uriOf("find_label_errors");

export function useNextIteration(run: RunInfo): () => void {
  const prompt = usePromptOperatorInput();
  return () =>
    prompt(FIND, { ...JSON.parse(run.again), run_key: run.key, label_field: run.label_field });
}
