// Starts one of the plugin's operators on the run; the panel shows its progress itself.
import * as React from "react";
import { asProblem, launch } from "./ask";
import { WorkContext } from "./parts/Work";
import { useSession } from "./session";

type Launch = (operator: string, params?: Record<string, unknown>) => Promise<void>;

/** Resolves when the work is under way, or done where that is quick; a refusal is reported. */
export function useLaunch(): Launch {
  const { key, report } = useSession();
  const { look } = React.useContext(WorkContext);
  return React.useCallback(
    async (operator, params) => {
      try {
        await launch(operator, { run_key: key.run, ...params, in_panel: true });
      } catch (error) {
        report(operator, asProblem(error));
      }
      look();
    },
    [key.run, report, look],
  );
}
