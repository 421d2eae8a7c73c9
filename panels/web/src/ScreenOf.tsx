// The screen that is shown, and where each of its ways out leads.
import * as React from "react";
import { ask, asProblem } from "./ask";
import { CellScreen } from "./cell/CellScreen";
import { DuplicatesScreen } from "./duplicates/DuplicatesScreen";
import { useKeptHere } from "./kept";
import { MapScreen } from "./map/MapScreen";
import { hasScreen, NotForObjects } from "./objects/NotForObjects";
import { thingOf } from "./objects/names";
import { ObjectCell } from "./objects/ObjectCell";
import { ObjectQueue } from "./objects/ObjectQueue";
import { ObjectRanking } from "./objects/ObjectRanking";
import { Overview } from "./overview/Overview";
import { Outcome } from "./parts/Outcome";
import { AllResolved } from "./parts/States";
import { ProgressScreen } from "./progress/ProgressScreen";
import { TagProgress } from "./progress/TagProgress";
import { Queue } from "./queue/Queue";
import { FIRST, isChoice, type RankingChoice } from "./ranking/choice";
import { RankingScreen } from "./ranking/RankingScreen";
import type { Screen } from "./screens";
import { useSession } from "./session";

/** A vote is probably wrong above it. */
const PROBABLY = 0.5;

interface Props<S extends Screen = Screen> {
  screen: S;
  onScreen: (screen: Screen) => void;
}

export function ScreenOf({ screen, onScreen }: Props) {
  const { iteration, setGiven } = useSession();
  const classes = iteration.classes + (iteration.objects ? 1 : 0);
  const [ranking, setRanking] = useKeptHere<RankingChoice>("ranking", FIRST, isChoice(classes));
  const toOverview = () => onScreen({ name: "overview" });
  if (!hasScreen(thingOf(iteration), screen.name))
    return <NotForObjects screen={screen.name} onBack={toOverview} />;
  switch (screen.name) {
    case "overview":
      return <OverviewScreen screen={screen} onScreen={onScreen} />;
    case "cell":
      return <OneCell screen={screen} onScreen={onScreen} />;
    case "queue":
      return <OneQueue screen={screen} onScreen={onScreen} ranking={ranking} />;
    case "duplicates":
      return <DuplicatesScreen onBack={toOverview} />;
    case "map":
      return <MapScreen onBack={toOverview} />;
    case "progress":
      if (iteration.tags) return <TagProgress onBack={toOverview} />;
      return (
        <ProgressScreen
          onBack={toOverview}
          onRank={(label) => {
            setRanking({ by: "importance", above: null, label });
            onScreen({ name: "ranking" });
          }}
          annotators={{
            onShow: (given) => {
              setGiven(given);
              toOverview();
            },
            onReview: (given) => {
              setGiven(given);
              setRanking({ by: "votes", above: PROBABLY, label: null });
              onScreen({ name: "queue", cell: null, ranked: true });
            },
            onRank: (given) => {
              setGiven(given);
              setRanking({ by: "votes", above: null, label: null });
              onScreen({ name: "ranking" });
            },
          }}
        />
      );
    case "ranking":
      return iteration.objects ? (
        <ObjectRanking
          choice={ranking}
          onChoice={setRanking}
          onReview={() => onScreen({ name: "queue", cell: null, ranked: true })}
          onBack={toOverview}
        />
      ) : (
        <RankingScreen
          choice={ranking}
          onChoice={setRanking}
          onReview={() => onScreen({ name: "queue", cell: null, ranked: true })}
          onBack={toOverview}
        />
      );
  }
}

/** Selects the samples of a cell in FiftyOne's grid. */
function useShowInGrid() {
  const { key, report } = useSession();
  return (label: number, prediction: number) => {
    ask("show_in_grid", { ...key, label, prediction }).catch((error) =>
      report("show_in_grid", asProblem(error)),
    );
  };
}

function OverviewScreen({ onScreen }: Props) {
  const { overview } = useSession();
  const show = useShowInGrid();
  return (
    <>
      {overview.progress.open_wrong === 0 && <AllResolved />}
      <Overview
        onOpen={({ label, prediction }) => onScreen({ name: "cell", label, prediction })}
        onShow={({ label, prediction }) => show(label, prediction)}
      />
      <Outcome />
    </>
  );
}

function OneCell({ screen, onScreen }: Props<Extract<Screen, { name: "cell" }>>) {
  const { label, prediction } = screen;
  const { step, iteration } = useSession();
  const show = useShowInGrid();
  const Screen = iteration.objects ? ObjectCell : CellScreen;
  return (
    <Screen
      key={`${label}/${prediction}`}
      label={label}
      prediction={prediction}
      onBack={() => onScreen({ name: "overview" })}
      onQueue={() => onScreen({ name: "queue", cell: [label, prediction] })}
      onShow={() => show(label, prediction)}
      onStep={(by) => {
        const next = step(label, prediction, by);
        onScreen(next ? { name: "cell", ...next } : { name: "overview" });
      }}
    />
  );
}

interface OneQueueProps extends Props<Extract<Screen, { name: "queue" }>> {
  ranking: RankingChoice;
}

function OneQueue({ screen, onScreen, ranking }: OneQueueProps) {
  const { cell, ranked } = screen;
  const { iteration } = useSession();
  const Screen = iteration.objects ? ObjectQueue : Queue;
  const back = (): Screen => {
    if (ranked) return { name: "ranking" };
    return cell ? { name: "cell", label: cell[0], prediction: cell[1] } : { name: "overview" };
  };
  return (
    <Screen
      key={cell ? cell.join() : ranked ? "ranked" : "all"}
      cell={cell}
      ranking={ranked ? ranking : null}
      onBack={() => onScreen(back())}
      onEverything={() => onScreen({ name: "queue", cell: null })}
    />
  );
}
