// What can be done with the chosen samples, with their number on every button.
import { Button } from "@mui/material";
import * as React from "react";
import { count, plural } from "../format";
import { useSession } from "../session";
import { useKeys } from "../shortcuts";
import { ActionButton } from "./ActionButton";
import { AskRemove, AskTag } from "./Ask";
import { Choose } from "./Choose";

const MOST_AT_ONCE = 20_000;

interface Props {
  rows: number[];
  /** What the button of confirming says; the labels may differ from row to row. */
  confirm: React.ReactNode;
  /** Gives each row its prediction, where that is another label. */
  accept?: { text: React.ReactNode; act: () => Promise<void> } | undefined;
  /** Classes to offer first when another label is chosen. */
  probable: readonly number[];
  onDone: (rows: number[]) => void;
}

export function Decide({ rows, confirm, accept, probable, onDone }: Props) {
  const { resolve, busy } = useSession();
  const [choosing, setChoosing] = React.useState<HTMLElement | null>(null);
  const [asking, setAsking] = React.useState<"tag" | "remove" | null>(null);
  const relabel = React.useRef<HTMLButtonElement>(null);
  const n = rows.length;
  const tooMany = n > MOST_AT_ONCE;
  const idle = n === 0 || busy || tooMany;

  const act = async (
    action: "confirm" | "relabel" | "remove" | "tag",
    option?: { label?: string; tag?: string },
  ) => {
    setChoosing(null);
    setAsking(null);
    if (await resolve(action, rows, option)) onDone(rows);
  };
  const remove = () => (n > 1 ? setAsking("remove") : void act("remove"));
  useKeys(
    idle
      ? {}
      : {
          c: () => void act("confirm"),
          a: accept && (() => void accept.act()),
          r: () => setChoosing(relabel.current),
          x: remove,
          t: () => setAsking("tag"),
        },
  );
  const button = { disabled: idle, count: n };
  return (
    <fieldset className="dcf-actions">
      <legend className="dcf-sr">Decide on the selected samples</legend>
      {tooMany && (
        <p className="dcf-note">At most {count(MOST_AT_ONCE)} samples at once; select fewer.</p>
      )}
      <ActionButton
        {...button}
        tip="confirm"
        icon="check"
        onClick={() => void act("confirm")}
        strong
        wide
      >
        {confirm}
      </ActionButton>
      {accept && (
        <ActionButton
          {...button}
          tip="accept"
          icon="accept"
          onClick={() => void accept.act()}
          strong
          wide
        >
          {accept.text}
        </ActionButton>
      )}
      <ActionButton
        {...button}
        tip="relabel"
        icon="edit"
        buttonRef={relabel}
        onClick={() => setChoosing(relabel.current)}
        wide
      >
        Other label…
      </ActionButton>
      <ActionButton {...button} tip="tag" icon="tag" onClick={() => setAsking("tag")}>
        Tag…
      </ActionButton>
      <ActionButton {...button} tip="remove" icon="remove" onClick={remove} danger>
        Remove
      </ActionButton>
      <Choose
        anchor={choosing}
        first={probable}
        samples={n}
        onChoose={(name) => void act("relabel", { label: name })}
        onClose={() => setChoosing(null)}
      />
      {asking === "tag" && (
        <AskTag
          samples={n}
          onTag={(tag) => void act("tag", { tag })}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "remove" && (
        <AskRemove
          samples={n}
          onRemove={() => void act("remove")}
          onClose={() => setAsking(null)}
        />
      )}
    </fieldset>
  );
}

interface ChosenProps {
  chosen: number;
  onClear: () => void;
  /** Selects all that is on screen, where that is offered. */
  all?: { samples: number; onSelect: () => void };
  children?: React.ReactNode;
}

/** How many samples the decisions are about, and a button that clears or selects all. */
export function Chosen({ chosen, onClear, all, children }: ChosenProps) {
  return (
    <div className="dcf-chosen" role="status">
      <strong>{plural(chosen, "sample")} selected</strong>
      {children}
      {chosen > 0 && (
        <Button size="small" onClick={onClear}>
          Clear
        </Button>
      )}
      {chosen === 0 && all && (
        <Button size="small" onClick={all.onSelect} disabled={!all.samples}>
          Select all {count(all.samples)}
        </Button>
      )}
    </div>
  );
}
