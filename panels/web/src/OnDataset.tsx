// A dataset: its work under way, and the run and iteration that are looked at.
import * as React from "react";
import type { IterationInfo, Job, PulseReply, RunInfo, StatusReply } from "./events";
import { KeptContext, remember } from "./kept";
import { OnIteration } from "./OnIteration";
import { Problem } from "./parts/Problem";
import { NoDataset, NoRun, RunProblem, Waiting } from "./parts/States";
import { useNotices, WorkContext, Works } from "./parts/Work";
import { useAsk } from "./useAsk";
import { useLooked } from "./useLooked";
import { usePulse } from "./usePulse";

const NO_JOBS: readonly Job[] = [];
const NO_RUNS: readonly RunInfo[] = [];

export function OnDataset() {
  const { reply: status, problem, retry: load } = useAsk("status", {});
  const dataset = status?.dataset_id ?? "";
  const looked = useLooked(status?.runs ?? NO_RUNS, dataset);
  const { pulse, beatNow, forget } = usePulse({
    run: looked.run,
    jobs: status?.jobs ?? NO_JOBS,
    onNewer: looked.follow,
    onChange: load,
  });
  const jobs = (pulse ?? status)?.jobs ?? NO_JOBS;
  const ended = (pulse ?? status)?.ended ?? null;
  useNotices(ended);
  const work = React.useMemo(() => ({ jobs, look: beatNow }), [jobs, beatNow]);

  if (problem) return <Problem problem={problem} onRetry={load} />;
  if (!status) return <Waiting text="Opening the dataset's runs …" />;
  if (!status.dataset) return <NoDataset />;
  return (
    <WorkContext.Provider value={work}>
      <Works jobs={jobs} ended={ended ?? []} onChange={beatNow} />
      <LookedAt
        status={{ ...status, jobs: [...jobs] }}
        looked={looked}
        pulse={pulse}
        onForget={forget}
        onRetry={load}
      />
    </WorkContext.Provider>
  );
}

interface LookedAtProps {
  status: StatusReply;
  looked: ReturnType<typeof useLooked>;
  pulse: PulseReply | null;
  onForget: () => void;
  onRetry: () => void;
}

/** The run that is looked at, or why there is nothing to look at. */
function LookedAt({ status, looked, pulse, onForget, onRetry }: LookedAtProps) {
  const { run, iteration } = looked;
  const withIterations = status.runs.filter((r) => r.iterations.length);
  if (run?.problem)
    return (
      <RunProblem
        run={run}
        problem={run.problem}
        others={withIterations.filter((r) => r !== run)}
        onRun={looked.toRun}
        onRetry={onRetry}
      />
    );
  if (!run || !iteration) return <NoRun status={status} />;
  return (
    <Kept key={`${run.key}/${iteration.number}`} dataset={status.dataset_id} iteration={iteration}>
      <OnIteration
        runs={withIterations}
        run={run}
        iteration={iteration}
        revision={pulse?.revision ?? null}
        workedOut={pulse?.worked_out ?? run.worked_out}
        onRun={(key) => {
          looked.toRun(key);
          onForget();
        }}
        onIteration={looked.toIteration}
      />
    </Kept>
  );
}

interface KeptProps {
  dataset: string;
  iteration: IterationInfo;
  children: React.ReactNode;
}

/** Whose values the browser keeps below. */
function Kept({ dataset, iteration: { id }, children }: KeptProps) {
  React.useEffect(() => remember(dataset, id), [dataset, id]);
  const kept = React.useMemo(() => ({ dataset, iteration: id }), [dataset, id]);
  return <KeptContext.Provider value={kept}>{children}</KeptContext.Provider>;
}
