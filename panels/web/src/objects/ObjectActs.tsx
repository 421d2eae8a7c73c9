// What can be done with the chosen objects of a cell or a ranking, with their number on each button.
import { Button } from "@mui/material";
import * as React from "react";
import { drop } from "../acts/dropped";
import { useGate } from "../acts/useShown";
import type { ObjectAction } from "../events";
import { AskSelected } from "../opinions/AskSelected";
import { ActionButton } from "../parts/ActionButton";
import { Choose } from "../parts/Choose";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useNames } from "./names";
import { confirmText, givesClass, removeText, type Way, wayTo } from "./ways";

/** An object as a cell or the ranking knows it: its label, and what is seen there. */
export interface Chosen {
  row: number;
  label: number;
  seen: number;
}

interface Props {
  chosen: readonly Chosen[];
  /** Classes to offer first. */
  probable: readonly number[];
  onDone: (rows: number[]) => void;
  /** Whether the crop in focus was drawn: what nobody has seen is not decided on. */
  shown: boolean;
}

const SAME = "Do what the model says";

export function ObjectActs({ chosen, probable, onDone, shown }: Props) {
  const { resolveObjects, busy } = useSession();
  const names = useNames();
  const [choosing, setChoosing] = React.useState<HTMLElement | null>(null);
  const [asking, setAsking] = React.useState(false);
  const button = React.useRef<HTMLButtonElement>(null);
  const { pass, free } = useGate(shown, 0);
  const acting = React.useRef(false);
  const n = chosen.length;
  const ways = groups(chosen, (one) => wayTo(one.label, one.seen, names));
  const labelled = chosen.filter((one) => one.label !== names.nothing);
  const labels = new Set(chosen.map((one) => one.label));

  /** One decision for each way, until one does not come about. */
  const act = async (name: string, parts: [Way, number[]][]) => {
    setChoosing(null);
    const why = acting.current || busy ? "busy" : n && parts.length ? null : "none";
    if (!pass(name, why ? "nothing" : "whole")) return;
    if (why) return drop(why);
    acting.current = true;
    try {
      for (const [{ action, label }, rows] of parts) {
        if (!(await resolveObjects(action, rows, label ? { label } : {}))) return;
        onDone(rows);
      }
    } finally {
      acting.current = false;
      free();
    }
  };
  const all = (action: ObjectAction, rows = chosen): [Way, number[]][] =>
    rows.length ? [[{ action, text: "" }, rows.map((one) => one.row)]] : [];
  const give = (label: string) =>
    act(
      `class ${label}`,
      groups(chosen, (one) => ({ action: givesClass(one.label, names), label, text: "" })),
    );
  const accept = () => void act("accept", ways);
  const confirm = () => void act("confirm", all("confirm"));
  const remove = () => void act("remove", all("remove", labelled));
  const choose = () => {
    if (n && !busy) setChoosing(button.current);
    else if (pass("choose", "nothing")) drop(busy ? "busy" : "none");
  };
  useShortcuts({ accept, confirm, relabel: choose, remove });
  const idle = { disabled: n === 0 || busy, count: n };
  const [first] = labels;
  return (
    <fieldset className="dcf-actions" data-shown={shown || undefined}>
      <legend className="dcf-sr">Decide on the selected {names.thing}s</legend>
      {(ways.length > 0 || n === 0) && (
        <ActionButton {...idle} tip="accept" icon="accept" onClick={accept} strong wide>
          {ways.length === 1 && ways[0] ? ways[0][0].text : SAME}
        </ActionButton>
      )}
      <ActionButton {...idle} tip="confirm" icon="check" onClick={confirm} strong wide>
        {labels.size === 1 && first !== undefined ? confirmText(first, names) : "Confirm"}
      </ActionButton>
      <ActionButton {...idle} tip="relabel" icon="edit" buttonRef={button} onClick={choose} wide>
        {names.thing === "tag" ? "Other tag…" : "Other class…"}
      </ActionButton>
      <ActionButton
        disabled={labelled.length === 0 || busy}
        count={labelled.length}
        tip="remove"
        icon="remove"
        onClick={remove}
        danger
        wide
      >
        {`${removeText(names)}s`}
      </ActionButton>
      <Button
        size="small"
        disabled={idle.disabled}
        onClick={() => {
          if (n && !busy) setAsking(true);
          else if (pass("opinion", "nothing")) drop(busy ? "busy" : "none");
        }}
        className="dcf-second"
      >
        Second opinion…
      </Button>
      {asking && (
        <AskSelected rows={chosen.map((one) => one.row)} onClose={() => setAsking(false)} />
      )}
      <Choose
        anchor={choosing}
        first={probable}
        samples={n}
        onChoose={(label) => void give(label)}
        onClose={() => setChoosing(null)}
      />
    </fieldset>
  );
}

/** Rows by what is to be done with them. */
function groups(chosen: readonly Chosen[], way: (one: Chosen) => Way | null): [Way, number[]][] {
  const found = new Map<string, [Way, number[]]>();
  for (const one of chosen) {
    const made = way(one);
    if (!made) continue;
    const key = `${made.action} ${made.label ?? ""}`;
    const group = found.get(key);
    if (group) group[1].push(one.row);
    else found.set(key, [made, [one.row]]);
  }
  return [...found.values()];
}
