// Starts one of the plugin's operators on the run; the panel shows its progress itself.
import * as React from "react";
import { asProblem, launch } from "./ask";
import { useSession } from "./session";

/** Resolves when the operator has ended; what went wrong is reported. */
export function useLaunch(): (operator: string) => Promise<void> {
  const { key, report } = useSession();
  return React.useCallback(
    async (operator) => {
      try {
        await launch(operator, { run_key: key.run, in_panel: true });
      } catch (error) {
        report(operator, asProblem(error));
      }
    },
    [key.run, report],
  );
}
