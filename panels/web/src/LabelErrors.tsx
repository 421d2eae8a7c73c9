// The panel: what is there, which run and iteration, which screen.
import * as fos from "@fiftyone/state";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { useGate } from "./acts/useShown";
import { ask, asProblem } from "./ask";
import { CellScreen } from "./cell/CellScreen";
import { DuplicatesScreen } from "./duplicates/DuplicatesScreen";
import type { IterationInfo, Job, PulseReply, RunInfo, Problem as Said, WorkedOut } from "./events";
import { isObject, KeptContext, remember, useKept, useKeptHere } from "./kept";
import { MapScreen } from "./map/MapScreen";
import { Overview } from "./overview/Overview";
import { Header } from "./parts/Header";
import { Help } from "./parts/Help";
import { Outcome } from "./parts/Outcome";
import { Problem } from "./parts/Problem";
import { Progress } from "./parts/Progress";
import { ShownInGrid } from "./parts/ShownInGrid";
import { AllResolved, NoDataset, NoRun, Outdated, RunProblem, Waiting } from "./parts/States";
import { WholeContext, WholeWindow } from "./parts/WholeWindow";
import { Ended, Running, useNotices, WorkContext } from "./parts/Work";
import { ProgressScreen } from "./progress/ProgressScreen";
import { Queue } from "./queue/Queue";
import { FIRST, isChoice, type RankingChoice } from "./ranking/choice";
import { RankingScreen } from "./ranking/RankingScreen";
import { RecentProvider } from "./recent";
import { isScreen, type Screen } from "./screens";
import { SessionContext, useLoadedSession } from "./session";
import {
  ActiveContext,
  KeyboardContext,
  keepPress,
  pressOnce,
  useActive,
  useShortcuts,
} from "./shortcuts";
import styles from "./styles.css?inline";
import { useAsk } from "./useAsk";
import { useCurrentView } from "./useCurrentView";

const PULSE_MS = 3000;
const WORKING_PULSE_MS = 1000;
const NO_JOBS: readonly Job[] = [];

/** The iteration that somebody chose to look at; `last` follows its run to newer ones. */
interface Looked {
  iteration: string;
  last: boolean;
}

const isLooked = (value: unknown): value is Looked | null =>
  value === null ||
  (isObject(value) && typeof value.iteration === "string" && typeof value.last === "boolean");

export function LabelErrors() {
  const root = React.useRef<HTMLDivElement>(null);
  const [active, hasKeyboard] = useActive(root);
  const theme = useRecoilValue(fos.theme);
  const dataset = useRecoilValue(fos.datasetName);
  const [whole, setWhole] = React.useState(false);
  const wholeWindow = React.useMemo(() => ({ whole, setWhole }), [whole]);
  return (
    <ActiveContext.Provider value={active}>
      <KeyboardContext.Provider value={hasKeyboard}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: it does nothing, it lets others do */}
        <div
          ref={root}
          className={`dcf${whole ? " dcf-whole" : ""}`}
          data-theme={theme}
          tabIndex={-1}
          onKeyDownCapture={pressOnce}
          onKeyDown={keepPress}
        >
          <style>{styles}</style>
          <WholeContext.Provider value={wholeWindow}>
            <Guard key={dataset ?? ""}>{dataset ? <OnDataset /> : <NoDataset />}</Guard>
          </WholeContext.Provider>
        </div>
      </KeyboardContext.Provider>
    </ActiveContext.Provider>
  );
}

/** Keeps an error of the panel's own from taking the App's panel with it. */
class Guard extends React.Component<{ children: React.ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const problem: Said = { kind: "unexpected", message: error.message, detail: error.stack ?? "" };
    return <Problem problem={problem} onRetry={() => this.setState({ error: null })} />;
  }
}

function OnDataset() {
  const { reply: status, problem, retry: load } = useAsk("status", {});
  const dataset = status?.dataset_id ?? "";
  const [looked, setLooked] = useKept<Looked | null>("looked", null, isLooked, dataset);
  const [pulse, setPulse] = React.useState<PulseReply | null>(null);
  // Found by the iteration, which keeps its id where the run is renamed, and goes where it is deleted.
  const holds = (r: RunInfo) => r.iterations.find((i) => i.id === looked?.iteration);
  const run = status?.runs.find(holds) ?? status?.runs.findLast((r) => r.iterations.length);
  const last = run?.iterations.at(-1);
  const iteration = (looked?.last ? undefined : run && holds(run)) ?? last;
  const look = (at: IterationInfo | undefined, follow: boolean) =>
    setLooked(at ? { iteration: at.id, last: follow } : null);

  // Another window, another person or a job may change what is there.
  const known = React.useRef({
    run: "",
    last: 0,
    jobs: [] as string[],
    problem: null as string | null,
  });
  known.current = {
    run: run?.key ?? "",
    last: last?.number ?? 0,
    jobs: (pulse ?? status)?.jobs.map((job) => job.run) ?? [],
    problem: run?.problem ?? null,
  };
  const follow = React.useRef(() => {});
  follow.current = () => look(last, true);
  const lookRef = React.useRef(() => {});
  const lookNow = React.useCallback(() => lookRef.current(), []);
  React.useEffect(() => {
    let stopped = false;
    let timer = 0;
    let turn = 0;
    const beat = async () => {
      const mine = ++turn;
      let working = known.current.jobs.length > 0;
      try {
        if (!document.hidden) {
          const reply = await ask("pulse", { run: known.current.run });
          if (stopped) return;
          const running = new Set(reply.jobs.map((job) => job.run));
          const ended = known.current.jobs.some((run) => !running.has(run));
          working = running.size > 0;
          const changed = reply.problem !== known.current.problem;
          if (ended || changed || reply.iteration !== known.current.last) {
            if (reply.iteration > known.current.last) follow.current();
            load();
          }
          setPulse(reply);
        }
      } catch {
        // The next beat will tell.
      }
      if (!stopped && mine === turn)
        timer = window.setTimeout(beat, working ? WORKING_PULSE_MS : PULSE_MS);
    };
    timer = window.setTimeout(beat, PULSE_MS);
    lookRef.current = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(beat, 0);
    };
    return () => {
      stopped = true;
      window.clearTimeout(timer);
    };
  }, [load]);

  const jobs = (pulse ?? status)?.jobs ?? NO_JOBS;
  const ended = (pulse ?? status)?.ended ?? null;
  useNotices(ended);
  const work = React.useMemo(() => ({ jobs, look: lookNow }), [jobs, lookNow]);

  if (problem) return <Problem problem={problem} onRetry={load} />;
  if (!status) return <Waiting text="Opening the dataset's runs …" />;
  if (!status.dataset) return <NoDataset />;
  return (
    <WorkContext.Provider value={work}>
      {jobs.map((job) => (
        <Running key={job.run} job={job} onChange={lookNow} />
      ))}
      {ended
        ?.filter((end) => !jobs.some((job) => job.run === end.run))
        .map((end) => (
          <Ended key={end.id} end={end} onChange={lookNow} />
        ))}
      {run?.problem ? (
        <RunProblem
          run={run}
          problem={run.problem}
          others={status.runs.filter((r) => r !== run && r.iterations.length)}
          onRun={(key) => look(status.runs.find((r) => r.key === key)?.iterations.at(-1), true)}
          onRetry={load}
        />
      ) : run && iteration ? (
        <Kept key={`${run.key}/${iteration.number}`} dataset={dataset} iteration={iteration.id}>
          <OnIteration
            runs={status.runs.filter((r) => r.iterations.length)}
            run={run}
            iteration={iteration}
            revision={pulse?.revision ?? null}
            workedOut={pulse?.worked_out ?? run.worked_out}
            onRun={(key) => {
              look(status.runs.find((r) => r.key === key)?.iterations.at(-1), true);
              setPulse(null);
            }}
            onIteration={(number) => {
              const chosen = run.iterations.find((i) => i.number === number);
              look(chosen, chosen === last);
            }}
          />
        </Kept>
      ) : (
        <NoRun status={{ ...status, jobs: [...jobs] }} />
      )}
    </WorkContext.Provider>
  );
}

interface KeptProps {
  dataset: string;
  iteration: string;
  children: React.ReactNode;
}

/** Whose values the browser keeps below. */
function Kept({ dataset, iteration, children }: KeptProps) {
  React.useEffect(() => remember(dataset, iteration), [dataset, iteration]);
  const kept = React.useMemo(() => ({ dataset, iteration }), [dataset, iteration]);
  return <KeptContext.Provider value={kept}>{children}</KeptContext.Provider>;
}

interface OnIterationProps {
  runs: RunInfo[];
  run: RunInfo;
  iteration: IterationInfo;
  /** The newest revision that the pulse knows of. */
  revision: number | null;
  workedOut: WorkedOut;
  onRun: (key: string) => void;
  onIteration: (number: number) => void;
}

function OnIteration(props: OnIterationProps) {
  const { runs, run, iteration, revision, workedOut, onRun, onIteration } = props;
  const view = useCurrentView();
  const { session, problem, retry } = useLoadedSession({
    run,
    iteration,
    view,
    revision,
    workedOut,
  });
  const { classes } = iteration;
  const [screen, setScreen] = useKeptHere<Screen>(
    "screen",
    { name: "overview" },
    isScreen(classes),
  );
  const [ranking, setRanking] = useKeptHere<RankingChoice>("ranking", FIRST, isChoice(classes));
  const [help, setHelp] = React.useState(false);
  const [dismissed, setDismissed] = React.useState(false);
  const { pass } = useGate(true);
  const undo = () => {
    if (session && pass("undo", "nothing")) void session.undo();
  };
  useShortcuts(
    session
      ? {
          help: () => setHelp(true),
          undo,
          overview: () => setScreen({ name: "overview" }),
          queue: () => setScreen({ name: "queue", cell: null }),
          ranking: () => setScreen({ name: "ranking" }),
          map: () => setScreen({ name: "map" }),
          progress: () => setScreen({ name: "progress" }),
          duplicates: () => setScreen({ name: "duplicates" }),
        }
      : {},
  );
  if (problem && !session) return <Problem problem={problem} onRetry={retry} />;
  if (!session) return <Waiting text="Counting the cells …" />;
  const { overview } = session;
  const show = (label: number, prediction: number) => {
    ask("show_in_grid", { ...session.key, label, prediction }).catch((error) =>
      session.report("show_in_grid", asProblem(error)),
    );
  };
  const resolved = overview.progress.open_wrong === 0;
  return (
    <SessionContext.Provider value={session}>
      <RecentProvider>
        <Header
          runs={runs}
          run={run}
          iteration={iteration}
          screen={screen.name === "cell" ? "overview" : screen.name}
          onRun={onRun}
          onIteration={onIteration}
          onScreen={(name) => setScreen(name === "queue" ? { name, cell: null } : { name })}
          onUndo={undo}
          onHelp={() => setHelp(true)}
          busy={session.busy}
        />
        {screen.name === "overview" && <Progress />}
        <ShownInGrid />
        {!dismissed && <Outdated onDismiss={() => setDismissed(true)} />}
        {problem && (
          <p className="dcf-inline-problem" role="alert">
            {problem.message}
          </p>
        )}
        {screen.name === "overview" && (
          <>
            {resolved && <AllResolved />}
            <Overview
              onOpen={({ label, prediction }) => setScreen({ name: "cell", label, prediction })}
              onShow={({ label, prediction }) => show(label, prediction)}
            />
            <Outcome />
          </>
        )}
        {screen.name === "cell" && (
          <CellScreen
            key={`${screen.label}/${screen.prediction}`}
            label={screen.label}
            prediction={screen.prediction}
            onBack={() => setScreen({ name: "overview" })}
            onQueue={() => setScreen({ name: "queue", cell: [screen.label, screen.prediction] })}
            onShow={() => show(screen.label, screen.prediction)}
            onStep={(by) => {
              const next = session.step(screen.label, screen.prediction, by);
              setScreen(next ? { name: "cell", ...next } : { name: "overview" });
            }}
          />
        )}
        {screen.name === "duplicates" && (
          <DuplicatesScreen onBack={() => setScreen({ name: "overview" })} />
        )}
        {screen.name === "progress" && (
          <ProgressScreen
            onBack={() => setScreen({ name: "overview" })}
            onRank={(label) => {
              setRanking({ by: "importance", above: null, label });
              setScreen({ name: "ranking" });
            }}
          />
        )}
        {screen.name === "map" && <MapScreen onBack={() => setScreen({ name: "overview" })} />}
        {screen.name === "ranking" && (
          <RankingScreen
            choice={ranking}
            onChoice={setRanking}
            onReview={() => setScreen({ name: "queue", cell: null, ranked: true })}
            onBack={() => setScreen({ name: "overview" })}
          />
        )}
        {screen.name === "queue" && (
          <Queue
            key={screen.cell ? screen.cell.join() : screen.ranked ? "ranked" : "all"}
            cell={screen.cell}
            ranking={screen.ranked ? ranking : null}
            onBack={() => {
              if (screen.ranked) return setScreen({ name: "ranking" });
              const at = screen.cell;
              setScreen(
                at ? { name: "cell", label: at[0], prediction: at[1] } : { name: "overview" },
              );
            }}
            onEverything={() => setScreen({ name: "queue", cell: null })}
          />
        )}
        <WholeWindow screen={JSON.stringify(screen)} />
        {help && <Help screen={screen.name} onClose={() => setHelp(false)} />}
      </RecentProvider>
    </SessionContext.Provider>
  );
}
