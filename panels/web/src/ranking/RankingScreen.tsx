// The open samples in the order of a score: set a threshold, select, decide, or review them one by one.
import { Autocomplete, Button, MenuItem, Select, TextField } from "@mui/material";
import * as React from "react";
import type { RankBy } from "../events";
import { plural } from "../format";
import { isIndex, useKeptHere } from "../kept";
import { Chosen, Decide } from "../parts/Decide";
import { Icon } from "../parts/Icon";
import { Inspect } from "../parts/Inspect";
import { Outcome } from "../parts/Outcome";
import { optionsFor } from "../parts/options";
import { Pages } from "../parts/Pages";
import { PictureGrid } from "../parts/PictureGrid";
import { Problem } from "../parts/Problem";
import { Recent } from "../parts/Recent";
import { Waiting } from "../parts/States";
import { useGridEdge } from "../parts/sizes";
import { useSample } from "../samples";
import { useSelection } from "../selection";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useThumbnails } from "../useThumbnails";
import { byPrediction, type RankingChoice, SCORES, written } from "./choice";
import { NoSamples, NotComputed } from "./Nothing";
import { ScoreRange } from "./ScoreRange";
import { PAGE, useRanking } from "./useRanking";

interface Props {
  choice: RankingChoice;
  onChoice: (choice: RankingChoice) => void;
  onReview: () => void;
  onBack: () => void;
}

export function RankingScreen({ choice, onChoice, onReview, onBack }: Props) {
  const { classes, resolve } = useSession();
  const selection = useSelection();
  const [offset, setOffset] = useKeptHere("ranking/offset", 0, isIndex);
  const [focus, setFocus] = React.useState<number | null>(null);
  const thumbnails = useThumbnails(useGridEdge());
  const version = React.useSyncExternalStore(thumbnails.subscribe, thumbnails.snapshot);
  const { reply, problem, retry } = useRanking(choice, offset);
  const score = SCORES[choice.by];

  const choose = (next: RankingChoice) => {
    setOffset(0);
    setFocus(null);
    onChoice(next);
  };
  // Decisions can leave less than was there when this page was opened.
  const beyond = reply !== null && offset > 0 && offset >= reply.total;
  React.useEffect(() => {
    if (beyond) setOffset(0);
  }, [beyond, setOffset]);

  const place = React.useMemo(() => new Map(reply?.rows.map((row, at) => [row, at])), [reply]);
  const idOf = (row: number) => reply?.ids[place.get(row) ?? -1] ?? "";
  const chosen = React.useMemo(
    () => reply?.rows.filter((_, at) => selection.ids.has(reply.ids[at] ?? "")) ?? [],
    [reply, selection.ids],
  );
  const selected = React.useMemo(() => new Set(chosen), [chosen]);
  const shown = focus !== null && place.has(focus) ? focus : (chosen[0] ?? null);
  const sample = useSample(shown);
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
          caption: [what, value] as [string, string],
        };
      }) ?? [],
    [reply, classes, offset, score],
  );

  const click = (row: number | null, more: boolean) => {
    if (row === null) return;
    setFocus(row);
    if (more) selection.toggle(idOf(row));
    else selection.set([idOf(row)]);
  };
  const all = () => selection.set(reply?.ids ?? []);
  const leave = () => (chosen.length ? selection.set([]) : onBack());
  const done = (rows: number[]) => {
    selection.drop(rows.map(idOf));
    setFocus(null);
  };
  const predicted = byPrediction(chosen, (row) => reply?.predictions[place.get(row) ?? -1] ?? -1);
  const one = chosen.length === 1;
  const differing = chosen.some((row) => {
    const at = place.get(row) ?? -1;
    return reply?.labels[at] !== reply?.predictions[at];
  });
  const accept = async () => {
    const ids = new Map(chosen.map((row) => [row, idOf(row)]));
    for (const [label, rows] of predicted) {
      if (!(await resolve("relabel", rows, { label: classes[label] ?? "" }))) return;
      selection.drop(rows.map((row) => ids.get(row) ?? ""));
    }
    setFocus(null);
  };
  useShortcuts({ none: leave, all, rankingReview: reply?.total ? onReview : undefined });

  if (problem) return <Problem problem={problem} onRetry={retry} onBack={onBack} />;
  return (
    <section className="dcf-cellscreen" aria-label="Ranking">
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
        <Button
          size="small"
          startIcon={<Icon name="queue" />}
          disabled={!reply?.total}
          onClick={onReview}
          aria-keyshortcuts="v"
        >
          Review these in the queue
        </Button>
      </div>
      {!reply && <Waiting text="Ranking the samples …" />}
      {reply && !reply.available[choice.by] && (
        <NotComputed key={choice.by} by={choice.by} operator={reply.operator} />
      )}
      {reply?.available[choice.by] && (
        <div className="dcf-cellbody">
          <div className="dcf-stage">
            <p className="dcf-note dcf-about">{score.about}</p>
            <ScoreRange
              key={choice.by}
              reply={reply}
              name={score.value}
              above={choice.above}
              onCommit={(above) => choose({ ...choice, above })}
            />
            {reply.total === 0 ? (
              <NoSamples reply={reply} choice={choice} onChoice={choose} onBack={onBack} />
            ) : (
              <PictureGrid
                items={items}
                thumbnails={thumbnails}
                version={version}
                selected={selected}
                focus={shown}
                label={`${score.name}, highest first`}
                onClick={click}
                onRange={(rows) => selection.add(rows.map(idOf))}
                onFocus={setFocus}
              />
            )}
            <div className="dcf-under">
              <Pages
                offset={offset}
                page={PAGE}
                total={reply.total}
                order="highest first"
                before="Higher values"
                after="Lower values"
                onOffset={setOffset}
              />
              {reply.outside > 0 && reply.total > 0 && (
                <p className="dcf-note">
                  {plural(reply.outside, "more open sample")} outside FiftyOne's current view.
                </p>
              )}
            </div>
          </div>
          <aside className="dcf-side" aria-label="Chosen sample">
            <Inspect
              sample={sample}
              chosen={shown !== null}
              hint="Click an image to see it here. Ctrl or Cmd adds one to the selection, Shift all up to it."
            />
            <div className="dcf-decide">
              <Chosen
                chosen={chosen.length}
                onClear={() => selection.set([])}
                all={{ samples: reply.rows.length, onSelect: all }}
              />
              <Decide
                rows={chosen}
                confirm={`Confirm ${one ? "the label" : "their labels"}`}
                accept={
                  differing
                    ? { text: `Accept the prediction${one ? "" : "s"}`, act: accept }
                    : undefined
                }
                probable={sample?.probabilities.map((p) => p.label) ?? []}
                onDone={done}
              />
            </div>
          </aside>
        </div>
      )}
      <Outcome />
      <Recent />
    </section>
  );
}

interface ClassFilterProps {
  label: number | null;
  onLabel: (label: number | null) => void;
}

/** Which class the samples are labelled as; all of them where nothing is chosen. */
function ClassFilter({ label, onLabel }: ClassFilterProps) {
  const { classes } = useSession();
  const [typed, setTyped] = React.useState("");
  const options = React.useMemo(() => optionsFor(typed, classes, []), [typed, classes]);
  const value = label === null ? null : { name: classes[label] ?? "", hint: "" };
  return (
    <Autocomplete
      size="small"
      className="dcf-search"
      options={options}
      filterOptions={(found) => found}
      getOptionLabel={(option) => option.name}
      isOptionEqualToValue={(a, b) => a.name === b.name}
      value={value}
      onInputChange={(_, text, reason) => setTyped(reason === "input" ? text : "")}
      onChange={(_, option) => onLabel(option ? classes.indexOf(option.name) : null)}
      noOptionsText="No class of that name"
      renderOption={(props, option) => (
        <li {...props} key={option.name}>
          <bdi>{option.name}</bdi>
        </li>
      )}
      renderInput={(params) => {
        const input = { ...params.inputProps, "aria-label": "Labelled as" };
        return <TextField {...params} inputProps={input} placeholder="All classes" />;
      }}
    />
  );
}
