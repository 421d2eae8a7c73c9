// The panel: what is there, which run and iteration, which screen.
import * as fos from "@fiftyone/state";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { ask, asProblem } from "./ask";
import type { IterationInfo, Problem, RunInfo, StatusReply } from "./events";
import { Overview } from "./overview/Overview";
import { SessionContext, useLoadedSession } from "./session";
import styles from "./styles.css?inline";

export function LabelErrors() {
  const dataset = useRecoilValue(fos.datasetName);
  const theme = useRecoilValue(fos.theme);
  const [status, setStatus] = React.useState<StatusReply | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const load = React.useCallback(() => {
    ask("status", {}).then(setStatus, (error) => setProblem(asProblem(error)));
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another dataset has other runs
  React.useEffect(load, [load, dataset]);
  const run = status?.runs.at(-1);
  const iteration = run?.iterations.at(-1);
  return (
    <div className="dcf" data-theme={theme}>
      <style>{styles}</style>
      {problem && (
        <pre>
          {problem.message}
          {problem.detail}
        </pre>
      )}
      {run && iteration && <Loaded run={run} iteration={iteration} />}
    </div>
  );
}

function Loaded({ run, iteration }: { run: RunInfo; iteration: IterationInfo }) {
  const view = JSON.stringify(useRecoilValue(fos.view));
  const { session, problem } = useLoadedSession({ run, iteration, view }, () => {});
  if (problem)
    return (
      <pre>
        {problem.message}
        {problem.detail}
      </pre>
    );
  if (!session) return <p>Loading</p>;
  return (
    <SessionContext.Provider value={session}>
      <Overview onOpen={() => {}} onShow={() => {}} />
    </SessionContext.Provider>
  );
}
