// The queue's head: what it goes through, and how many samples are left.
import { Button, IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import { count, plural } from "../format";
import { useNames } from "../objects/names";
import { Icon } from "../parts/Icon";
import { Name } from "../parts/Name";
import { SCORES } from "../ranking/choice";
import { SkippedList } from "./Skipped";
import type { Line, Through } from "./useLine";

interface Props extends Through {
  line: Line | null;
  noun: string;
  tools?: React.ReactNode;
  onBack: () => void;
  onBring: (row: number) => void;
  onEverything: () => void;
}

export function Bar(props: Props) {
  const { line, noun, tools, onBack, onBring, onEverything, ...through } = props;
  const [list, setList] = React.useState<HTMLElement | null>(null);
  const skipped = line?.skipped ?? [];
  return (
    <header className="dcf-bar dcf-cellbar">
      <Tooltip title="Back (Esc)">
        <IconButton size="small" aria-label="Back" onClick={onBack}>
          <Icon name="back" />
        </IconButton>
      </Tooltip>
      <h2 className="dcf-title">
        <Where {...through} />
      </h2>
      <span className="dcf-soft" role="status">
        {line ? leftText(line, noun) : "…"}
      </span>
      {skipped.length > 0 && (
        <Button size="small" onClick={(event) => setList(event.currentTarget)}>
          List the skipped
        </Button>
      )}
      <SkippedList
        anchor={list}
        rows={skipped}
        noun={noun}
        onPick={onBring}
        onClose={() => setList(null)}
      />
      <span className="dcf-grow" />
      {tools}
      {(through.cell || through.ranking) && (
        <Button size="small" onClick={onEverything}>
          All suspects
        </Button>
      )}
    </header>
  );
}

/** What is left, in numbers that add up. */
export function leftText({ left, outside, skipped, deleted }: Line, noun = "sample"): string {
  const of = noun === "image" ? `${plural(left, noun)} left` : `${count(left)} left`;
  const parts = [outside ? `${of} in the view of ${count(left + outside)}` : of];
  if (skipped.length) parts.push(`${count(skipped.length)} skipped`);
  const what = noun === "sample" ? "deleted" : "done";
  if (deleted) parts.push(`${count(deleted)} ${what} elsewhere`);
  return parts.join(" · ");
}

function Where({ cell, ranking }: Through) {
  const names = useNames();
  if (cell)
    return (
      <>
        <Name>{names.label(cell[0])}</Name> <span className="dcf-soft">predicted</span>{" "}
        <Name>{names.prediction(cell[1])}</Name>
      </>
    );
  if (!ranking) return <>All suspects</>;
  return (
    <>
      {SCORES[ranking.by].name}
      {ranking.label !== null && (
        <>
          {" "}
          <span className="dcf-soft">labelled</span> <Name>{names.label(ranking.label)}</Name>
        </>
      )}
    </>
  );
}
