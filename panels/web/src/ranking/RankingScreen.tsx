// The open samples in the order of a score: set a threshold, select, decide, or review them one by one.
import { Button, MenuItem, Select, ToggleButton } from "@mui/material";
import * as React from "react";
import type { RankBy } from "../events";
import { isFlag, isIndex, useKept, useKeptHere } from "../kept";
import { Icon } from "../parts/Icon";
import { Problem } from "../parts/Problem";
import { Waiting } from "../parts/States";
import { useGridEdge } from "../parts/sizes";
import { usePicked } from "../parts/usePicked";
import { Workbench } from "../parts/Workbench";
import { PAGES_HINT, PageActs } from "../review/PageActs";
import { Pictures } from "../review/Pictures";
import { usePages } from "../review/usePages";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useThumbnails } from "../useThumbnails";
import { ClassFilter } from "./ClassFilter";
import { byPrediction, type RankingChoice, SCORES, written } from "./choice";
import { NotComputed } from "./Nothing";
import { Ranked } from "./Ranked";
import { useRanking } from "./useRanking";

interface Props {
  choice: RankingChoice;
  onChoice: (choice: RankingChoice) => void;
  onReview: () => void;
  onBack: () => void;
}

export function RankingScreen({ choice, onChoice, onReview, onBack }: Props) {
  const { classes, resolve } = useSession();
  const [offset, setOffset] = useKeptHere("ranking/offset", 0, isIndex);
  const thumbnails = useThumbnails(useGridEdge());
  const version = React.useSyncExternalStore(thumbnails.subscribe, thumbnails.snapshot);
  const { reply, problem, retry } = useRanking(choice, offset);
  const score = SCORES[choice.by];

  const choose = (next: RankingChoice) => {
    setOffset(0);
    setFocus(null);
    onChoice(next);
  };
  const place = React.useMemo(() => new Map(reply?.rows.map((row, at) => [row, at])), [reply]);
  const samples = React.useMemo(
    () => reply?.rows.map((row, at) => ({ row, id: reply.ids[at] ?? "" })) ?? [],
    [reply],
  );
  const picked = usePicked(samples);
  const { chosen, focus, setFocus } = picked;
  const items = React.useMemo(
    () =>
      reply?.rows.map((row, at) => {
        const label = classes[reply.labels[at] ?? -1] ?? "";
        const prediction = classes[reply.predictions[at] ?? -1] ?? "";
        const value = written(reply.values[at] ?? 0, reply.lowest, reply.highest);
        const what = label === prediction ? label : `${label} → ${prediction}`;
        return {
          row,
          faint: false,
          name: `${what} ${value}, ${score.value}, sample ${offset + at + 1}`,
          caption: { label, prediction: label === prediction ? null : prediction, value },
        };
      }) ?? [],
    [reply, classes, offset, score],
  );

  const leave = () => (chosen.length ? picked.clear() : onBack());
  const predicted = byPrediction(chosen, (row) => reply?.predictions[place.get(row) ?? -1] ?? -1);
  const one = chosen.length === 1;
  const differing = chosen.some((row) => {
    const at = place.get(row) ?? -1;
    return reply?.labels[at] !== reply?.predictions[at];
  });
  const accept = async () => {
    const ids = new Map(chosen.map((row) => [row, picked.idsOf([row])[0] ?? ""]));
    for (const [label, rows] of predicted) {
      if (!(await resolve("relabel", rows, { label: classes[label] ?? "" }))) return;
      picked.takeOut(rows.map((row) => ids.get(row) ?? ""));
    }
    setFocus(null);
  };
  const [paged, setPaged] = useKept("ranking/pages", false, isFlag);
  const judged = React.useMemo(
    () =>
      reply?.rows.map((row, at) => ({
        row,
        label: reply.labels[at] ?? -1,
        prediction: reply.predictions[at] ?? -1,
      })) ?? [],
    [reply],
  );
  const pages = usePages({
    on: paged,
    name: JSON.stringify(["ranking", choice, offset]),
    samples: judged,
    eitherWay: false,
    thumbnails,
  });
  useShortcuts({
    none: paged ? undefined : leave,
    all: paged ? undefined : picked.all,
    pages: () => setPaged(!paged),
    rankingReview: reply?.total ? onReview : undefined,
  });

  if (problem) return <Problem problem={problem} onRetry={retry} onBack={onBack} />;
  const head = (
    <div className="dcf-bar dcf-cellbar">
      <Select<RankBy>
        size="small"
        value={choice.by}
        onChange={(event) => choose({ ...choice, by: event.target.value as RankBy, above: null })}
        inputProps={{ "aria-label": "Score" }}
        className="dcf-select"
      >
        {(Object.keys(SCORES) as RankBy[]).map((by) => (
          <MenuItem key={by} value={by}>
            {SCORES[by].name}
            {reply && !reply.available[by] && (
              <span className="dcf-option-hint">not computed yet</span>
            )}
          </MenuItem>
        ))}
      </Select>
      <ClassFilter label={choice.label} onLabel={(label) => choose({ ...choice, label })} />
      <span className="dcf-grow" />
      <ToggleButton
        size="small"
        value="pages"
        selected={paged}
        onChange={() => setPaged(!paged)}
        aria-keyshortcuts="b"
      >
        Pages
      </ToggleButton>
      <Button
        size="small"
        startIcon={<Icon name="queue" />}
        disabled={!reply?.total}
        onClick={onReview}
        aria-keyshortcuts="v"
      >
        One by one
      </Button>
    </div>
  );
  const instead = !reply ? (
    <Waiting text="Ranking the samples …" />
  ) : reply.available[choice.by] ? undefined : (
    <NotComputed key={choice.by} by={choice.by} operator={reply.operator} />
  );
  return (
    <Workbench
      label="Ranking"
      head={head}
      instead={instead}
      focus={focus}
      sample={picked.sample}
      drawn={focus !== null && thumbnails.get(focus) !== undefined}
      paged={paged && <PageActs pages={pages} onLeave={onBack} />}
      hint={
        paged
          ? PAGES_HINT
          : "Click an image to see it here. Ctrl or Cmd adds one to the selection, Shift all up to it."
      }
      chosen={{
        chosen: chosen.length,
        onClear: picked.clear,
        all: { samples: samples.length, onSelect: picked.all },
      }}
      decide={{
        rows: chosen,
        confirm: `Confirm ${one ? "the label" : "their labels"}`,
        accept: differing
          ? { text: `Accept the prediction${one ? "" : "s"}`, act: accept }
          : undefined,
        probable: picked.sample?.probabilities.map((p) => p.label) ?? [],
        onDone: picked.done,
      }}
    >
      {reply && (
        <Ranked
          reply={reply}
          choice={choice}
          name={score.value}
          about={score.about}
          offset={offset}
          onOffset={setOffset}
          onChoice={choose}
          onBack={onBack}
        >
          <Pictures
            pages={paged ? pages : null}
            picked={picked}
            items={items}
            thumbnails={thumbnails}
            version={version}
            label={`${score.name}, highest first`}
          />
        </Ranked>
      )}
    </Workbench>
  );
}
