// What can be done with the chosen samples, with their number on every button.
import { Button } from "@mui/material";
import * as React from "react";
import { drop } from "../acts/dropped";
import { useGate } from "../acts/useShown";
import { count, plural } from "../format";
import { AskSelected } from "../opinions/AskSelected";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { ActionButton } from "./ActionButton";
import { AskRemove, AskTag } from "./Ask";
import { Choose } from "./Choose";

const MOST_AT_ONCE = 20_000;

export interface DecideProps {
  rows: number[];
  /** What the button of confirming says; the labels may differ from row to row. */
  confirm: React.ReactNode;
  /** Gives each row its prediction, where that is another label. */
  accept?: { text: React.ReactNode; act: () => Promise<void> } | undefined;
  /** Classes to offer first when another label is chosen. */
  probable: readonly number[];
  onDone: (rows: number[]) => void;
  /** Whether the picture in focus has been drawn: what nobody has seen is not decided on. */
  shown: boolean;
}

export function Decide({ rows, confirm, accept, probable, onDone, shown }: DecideProps) {
  const { resolve, busy } = useSession();
  const [choosing, setChoosing] = React.useState<HTMLElement | null>(null);
  const [asking, setAsking] = React.useState<"tag" | "remove" | "opinion" | null>(null);
  const relabel = React.useRef<HTMLButtonElement>(null);
  const n = rows.length;
  const tooMany = n > MOST_AT_ONCE;
  const idle = n === 0 || busy || tooMany;
  const { pass, free } = useGate(shown, 0);
  const acting = React.useRef(false);

  /** Does what decides, unless something is decided already. */
  const once = async (name: string, work: () => Promise<unknown>) => {
    setChoosing(null);
    setAsking(null);
    const why = acting.current || busy ? "busy" : n ? null : "none";
    if (!pass(name, why ? "nothing" : "whole")) return;
    if (why) return drop(why);
    acting.current = true;
    try {
      await work();
    } finally {
      acting.current = false;
      free();
    }
  };
  const act = (
    action: "confirm" | "relabel" | "remove" | "tag",
    option?: { label?: string; tag?: string },
  ) => {
    return once(`${action} ${option?.label ?? option?.tag ?? ""}`, async () => {
      if (await resolve(action, rows, option)) onDone(rows);
    });
  };
  const take = () => once("accept", async () => accept?.act());
  const open = (name: string, show: () => void) => {
    if (n && !busy) show();
    else if (pass(name, "nothing")) drop(busy ? "busy" : "none");
  };
  const choose = () => open("choose", () => setChoosing(relabel.current));
  const tag = () => open("tag", () => setAsking("tag"));
  const remove = () => (n > 1 && !busy ? setAsking("remove") : void act("remove"));
  useShortcuts(
    tooMany
      ? {}
      : {
          confirm: () => void act("confirm"),
          accept: accept && (() => void take()),
          relabel: choose,
          remove,
          tag,
        },
  );
  const button = { disabled: idle, count: n };
  return (
    <fieldset className="dcf-actions" data-shown={shown || undefined}>
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
          onClick={() => void take()}
          strong
          wide
        >
          {accept.text}
        </ActionButton>
      )}
      <ActionButton {...button} tip="relabel" icon="edit" buttonRef={relabel} onClick={choose} wide>
        Other label…
      </ActionButton>
      <ActionButton {...button} tip="tag" icon="tag" onClick={tag}>
        Tag…
      </ActionButton>
      <ActionButton {...button} tip="remove" icon="remove" onClick={remove} danger>
        Remove
      </ActionButton>
      <Button
        size="small"
        disabled={idle}
        onClick={() => open("opinion", () => setAsking("opinion"))}
        className="dcf-second"
      >
        Second opinion…
      </Button>
      <Choose
        anchor={choosing}
        first={probable}
        samples={n}
        onChoose={(name) => void act("relabel", { label: name })}
        onClose={() => setChoosing(null)}
      />
      {asking === "opinion" && <AskSelected rows={rows} onClose={() => setAsking(null)} />}
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

export interface ChosenProps {
  chosen: number;
  /** What is chosen, if not samples. */
  what?: string;
  onClear: () => void;
  /** Selects all that is on screen, where that is offered. */
  all?: { samples: number; onSelect: () => void };
  children?: React.ReactNode;
}

/** How many samples the decisions are about, and a button that clears or selects all. */
export function Chosen({ chosen, what = "sample", onClear, all, children }: ChosenProps) {
  return (
    <div className="dcf-chosen" role="status">
      <strong>{plural(chosen, what)} selected</strong>
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
