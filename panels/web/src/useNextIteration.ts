// Starts the next iteration with what the last one was given; or opens its form, to change something.
import { usePromptOperatorInput } from "@fiftyone/operators";
import { uriOf } from "./ask";
import type { RunInfo } from "./events";
import { useLaunch } from "./useLaunch";

const NAME = "find_label_errors";
export const FIND = uriOf(NAME);

interface NextIteration {
  /** Starts it at once; its progress and its Cancel are in the panel. */
  start: () => void;
  /** Opens the form, filled in with what the last iteration was given. */
  change: () => void;
}

export function useNextIteration(run: RunInfo): NextIteration {
  const prompt = usePromptOperatorInput();
  const launch = useLaunch();
  const again = { ...JSON.parse(run.again), run_key: run.key, label_field: run.label_field };
  return {
    start: () => void launch(NAME, again),
    change: () => prompt(FIND, again),
  };
}
