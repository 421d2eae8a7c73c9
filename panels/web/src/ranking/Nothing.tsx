// What the ranking shows when there is nothing in it, and what to do then.
import { Button } from "@mui/material";
import * as React from "react";
import type { RankBy, RankingReply } from "../events";
import { plural } from "../format";
import { useNames, useNoun } from "../objects/names";
import { Icon } from "../parts/Icon";
import { Name } from "../parts/Name";
import { NotYet } from "../parts/NotYet";
import { useSession } from "../session";
import { type RankingChoice, SCORES } from "./choice";

const START: Partial<Record<RankBy, { text: string; button: string; busy?: string }>> = {
  importance: {
    text: "Uses embeddings that you choose, or the run's own features.",
    button: "Rank by importance",
  },
  disagreement: {
    text: "Computed with the map of the dataset: seconds for thousands of samples, minutes for a million.",
    button: "Map the dataset",
    busy: "Mapping …",
  },
  cleanlab: {
    text: "Choose the option “cleanlab” for the next iteration; needs the package cleanlab.",
    button: "Find label errors",
  },
  votes: {
    text: "Name the fields with people's votes for the next iteration.",
    button: "Find label errors",
  },
};

interface NotComputedProps {
  by: RankBy;
  operator: string;
}

/** The score was not computed for this iteration: what computes it, and a button that starts it. */
export function NotComputed({ by, operator }: NotComputedProps) {
  const { run } = useSession();
  const start = START[by === "both" ? "cleanlab" : by];
  const fields = operator === "find_label_errors" ? { label_field: run.label_field } : {};
  return (
    <NotYet
      icon="queue"
      title={`${SCORES[by].name}: not computed for this iteration`}
      operator={operator}
      form={operator === "map_dataset" ? undefined : fields}
      button={start?.button ?? ""}
      busy={start?.busy ?? start?.button ?? ""}
    >
      {start?.text} Operator: <code>{operator}</code>.
    </NotYet>
  );
}

interface NoSamplesProps {
  reply: RankingReply;
  choice: RankingChoice;
  onChoice: (choice: RankingChoice) => void;
  onBack: () => void;
}

/** The score is there, but no open sample is at or above the threshold. */
export function NoSamples({ reply, choice, onChoice, onBack }: NoSamplesProps) {
  const names = useNames();
  const noun = useNoun();
  const below = reply.open > 0;
  return (
    <div className="dcf-screen">
      <Icon name="check" className="dcf-screen-icon" />
      <h3>{below ? `No ${noun} reaches the threshold` : `No open ${noun} in this ranking`}</h3>
      {below && <p>{plural(reply.open, `open ${noun}`)} below it.</p>}
      {!below && reply.outside > 0 && (
        <p>{plural(reply.outside, `open ${noun}`)} outside FiftyOne's current view.</p>
      )}
      {!below && reply.outside === 0 && choice.label !== null && (
        <p>
          None is labelled <Name>{names.label(choice.label)}</Name>.
        </p>
      )}
      <div className="dcf-screen-buttons">
        {below && (
          <Button variant="contained" onClick={() => onChoice({ ...choice, above: null })}>
            Show all
          </Button>
        )}
        {choice.label !== null && (
          <Button onClick={() => onChoice({ ...choice, label: null })}>All classes</Button>
        )}
        <Button onClick={onBack}>Back to the overview</Button>
      </div>
    </div>
  );
}
