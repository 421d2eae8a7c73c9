// Which run and iteration somebody looks at: the one that was chosen, or the newest.
import type { IterationInfo, RunInfo } from "./events";
import { isObject, useKept } from "./kept";

/** The iteration that somebody chose to look at; `last` follows its run to newer ones. */
interface Looked {
  iteration: string;
  last: boolean;
}

const isLooked = (value: unknown): value is Looked | null =>
  value === null ||
  (isObject(value) && typeof value.iteration === "string" && typeof value.last === "boolean");

/** The run with the newest iteration, which is likely the one that is being worked on. */
export function newest(runs: readonly RunInfo[]): RunInfo | undefined {
  const made = (run: RunInfo) => run.iterations.at(-1)?.created_at ?? "";
  return runs
    .filter((run) => run.iterations.length)
    .reduce<RunInfo | undefined>(
      (best, run) => (best && made(best) >= made(run) ? best : run),
      undefined,
    );
}

/** What is looked at, of the runs that there are, and ways to look at something else. */
export function useLooked(runs: readonly RunInfo[], dataset: string) {
  const [looked, setLooked] = useKept<Looked | null>("looked", null, isLooked, dataset);
  // Found by the iteration, which keeps its id where the run is renamed, and goes where it is deleted.
  const holds = (r: RunInfo) => r.iterations.find((i) => i.id === looked?.iteration);
  const run = runs.find(holds) ?? newest(runs);
  const last = run?.iterations.at(-1);
  const iteration = (looked?.last ? undefined : run && holds(run)) ?? last;
  const look = (at: IterationInfo | undefined, follow: boolean) =>
    setLooked(at ? { iteration: at.id, last: follow } : null);
  return {
    run,
    iteration,
    last,
    follow: () => look(last, true),
    toRun: (key: string) => look(runs.find((r) => r.key === key)?.iterations.at(-1), true),
    toIteration: (number: number) => {
      const chosen = run?.iterations.find((i) => i.number === number);
      look(chosen, chosen === last);
    },
  };
}
