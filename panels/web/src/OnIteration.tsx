// An iteration: its session, the keys and the header that all its screens share.
import * as React from "react";
import { useGate } from "./acts/useShown";
import { GivenBanner } from "./annotators/GivenBanner";
import { type Given, isGiven } from "./annotators/given";
import type { IterationInfo, RunInfo, WorkedOut } from "./events";
import { useKeptHere } from "./kept";
import { useByImage } from "./objects/ObjectQueue";
import { Header } from "./parts/Header";
import { Help } from "./parts/Help";
import { Problem } from "./parts/Problem";
import { Progress } from "./parts/Progress";
import { ShownInGrid } from "./parts/ShownInGrid";
import { Outdated, Waiting } from "./parts/States";
import { LeaveWholeFirst } from "./parts/WholeWindow";
import { RecentProvider } from "./recent";
import { ScreenOf } from "./ScreenOf";
import { isScreen, type Screen } from "./screens";
import { SessionContext, useLoadedSession } from "./session";
import { useShortcuts } from "./shortcuts";
import { useCurrentView } from "./useCurrentView";

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

export function OnIteration(props: OnIterationProps) {
  const { runs, run, iteration, revision, workedOut, onRun, onIteration } = props;
  const view = useCurrentView();
  const classes = iteration.classes + (iteration.objects ? 1 : 0);
  const [given, setGiven] = useKeptHere<Given | null>("given", null, isGiven(classes));
  const { session, problem, retry } = useLoadedSession({
    run,
    iteration,
    given,
    setGiven,
    view,
    revision,
    workedOut,
  });
  const [screen, setScreen] = useKeptHere<Screen>(
    "screen",
    { name: "overview" },
    isScreen(classes),
  );
  const [help, setHelp] = React.useState(false);
  const [dismissed, setDismissed] = React.useState(false);
  const [byImage] = useByImage();
  const sets = iteration.tags ? "tags" : byImage ? "images" : "objects";
  const helped = iteration.objects && screen.name === "queue" ? sets : screen.name;
  const { pass } = useGate(true);
  const undo = () => {
    if (session && pass("undo", "nothing")) void session.undo();
  };
  const goTo = (name: Screen["name"]) => {
    if (name === "cell") return;
    setScreen(name === "queue" ? { name, cell: null } : { name });
  };
  useShortcuts(
    session
      ? {
          help: () => setHelp(true),
          undo,
          overview: () => goTo("overview"),
          queue: () => goTo("queue"),
          ranking: () => goTo("ranking"),
          map: () => goTo("map"),
          progress: () => goTo("progress"),
          duplicates: () => goTo("duplicates"),
        }
      : {},
  );
  const anew = () => (given ? setGiven(null) : retry());
  if (problem && !session) return <Problem problem={problem} onRetry={anew} />;
  if (!session) return <Waiting text="Counting the cells …" />;
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
          onScreen={goTo}
          onUndo={undo}
          onHelp={() => setHelp(true)}
          busy={session.busy}
        />
        {screen.name === "overview" && <Progress />}
        <ShownInGrid />
        <GivenBanner />
        {!dismissed && <Outdated onDismiss={() => setDismissed(true)} />}
        {problem && (
          <p className="dcf-inline-problem" role="alert">
            {problem.message}
          </p>
        )}
        <ScreenOf screen={screen} onScreen={setScreen} />
        <LeaveWholeFirst screen={JSON.stringify(screen)} />
        {help && <Help screen={helped} onClose={() => setHelp(false)} />}
      </RecentProvider>
    </SessionContext.Provider>
  );
}
