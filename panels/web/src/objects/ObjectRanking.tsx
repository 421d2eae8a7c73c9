// The open objects in order of suspicion, of all kinds or of one label.
import { Button } from "@mui/material";
import * as React from "react";
import { title } from "../format";
import { isIndex, useKeptHere } from "../kept";
import { Icon } from "../parts/Icon";
import type { GridItem } from "../parts/PictureGrid";
import { Problem } from "../parts/Problem";
import { Waiting } from "../parts/States";
import { useGridEdge } from "../parts/sizes";
import { usePicked } from "../parts/usePicked";
import { ClassFilter } from "../ranking/ClassFilter";
import { type RankingChoice, SCORES } from "../ranking/choice";
import { Ranked } from "../ranking/Ranked";
import { useRanking } from "../ranking/useRanking";
import { Pictures } from "../review/Pictures";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useThumbnails } from "../useThumbnails";
import { captionOf, namedBy } from "./caption";
import { useNames } from "./names";
import { ObjectBench } from "./ObjectBench";

interface Props {
  choice: RankingChoice;
  onChoice: (choice: RankingChoice) => void;
  onReview: () => void;
  onBack: () => void;
}

const ABOUT: Record<string, string> = {
  object:
    "All objects by the log-odds of their likeliest error: missing labels, labels where nothing is, " +
    "other classes and bad outlines in one order.",
  tag: "All tags by the log-odds that they are wrong: missing ones and spurious ones in one order.",
};

const VOTED = "Objects that somebody voted on, the vote that is most probably wrong first.";

export function ObjectRanking({ choice: kept, onChoice, onReview, onBack }: Props) {
  const names = useNames();
  const voted = useSession().given !== null && kept.by === "votes";
  const by = voted ? "votes" : "suspicion";
  const choice = React.useMemo<RankingChoice>(() => ({ ...kept, by }), [kept, by]);
  const [offset, setOffset] = useKeptHere("objects/ranking/offset", 0, isIndex);
  const thumbnails = useThumbnails(useGridEdge());
  const version = React.useSyncExternalStore(thumbnails.subscribe, thumbnails.snapshot);
  const { reply, problem, retry } = useRanking(choice, offset);
  const choose = (next: RankingChoice) => {
    setOffset(0);
    onChoice(next);
  };
  const samples = React.useMemo(
    () =>
      reply?.rows.map((row, at) => ({
        row,
        id: reply.ids[at] ?? "",
        on: { sample: reply.samples[at] ?? "", missing: reply.labels[at] === names.nothing },
      })) ?? [],
    [reply, names.nothing],
  );
  const picked = usePicked(samples);
  const items = React.useMemo<GridItem[]>(
    () =>
      reply?.rows.map((row, at) => {
        const [label, seen] = [reply.labels[at] ?? -1, reply.predictions[at] ?? -1];
        const caption = captionOf(names, label, seen, reply.values[at] ?? 0);
        return { row, faint: false, name: namedBy(caption, names.thing, offset + at + 1), caption };
      }) ?? [],
    [reply, names, offset],
  );
  const known = React.useMemo(
    () =>
      reply?.rows.map((row, at) => ({
        row,
        label: reply.labels[at] ?? -1,
        seen: reply.predictions[at] ?? -1,
      })) ?? [],
    [reply],
  );
  const review = () => {
    if (!reply?.total) return;
    onChoice(choice);
    onReview();
  };
  useShortcuts({
    none: () => (picked.chosen.length ? picked.clear() : onBack()),
    all: picked.all,
    rankingReview: reply?.total ? review : undefined,
  });
  if (problem) return <Problem problem={problem} onRetry={retry} onBack={onBack} />;
  const head = (
    <div className="dcf-bar dcf-cellbar">
      <strong>{SCORES[by].name}</strong>
      <ClassFilter label={choice.label} onLabel={(label) => choose({ ...choice, label })} />
      <span className="dcf-grow" />
      <Button
        size="small"
        startIcon={<Icon name="queue" />}
        disabled={!reply?.total}
        onClick={review}
        aria-keyshortcuts="v"
      >
        One by one
      </Button>
    </div>
  );
  return (
    <ObjectBench
      label="Ranking"
      head={head}
      instead={reply ? undefined : <Waiting text={`Ranking the ${names.thing}s …`} />}
      picked={picked}
      all={samples.length}
      thumbnails={thumbnails}
      known={known}
    >
      {reply && (
        <Ranked
          reply={reply}
          choice={choice}
          name={SCORES[by].value}
          about={voted ? VOTED : (ABOUT[names.thing] ?? "")}
          offset={offset}
          onOffset={setOffset}
          onChoice={choose}
          onBack={onBack}
        >
          <Pictures
            pages={null}
            picked={picked}
            items={items}
            thumbnails={thumbnails}
            version={version}
            label={`${title(names.thing)}s, ${voted ? "most probably wrong votes" : "most suspicious"} first`}
          />
        </Ranked>
      )}
    </ObjectBench>
  );
}
