// The consensus of votes and model: what accepting it would change, a random check, and one act for all.
import { Button, MenuItem, Select } from "@mui/material";
import * as React from "react";
import { ask, asProblem } from "../ask";
import { count, decimal, percent, plural } from "../format";
import { useKept } from "../kept";
import { type Names, useNames } from "../objects/names";
import { CheckDialog } from "../parts/CheckDialog";
import { FromTo } from "../parts/FromTo";
import { Name } from "../parts/Name";
import { useSession } from "../session";
import { useAsk } from "../useAsk";
import { useThumbnails } from "../useThumbnails";

const SURE = [0.5, 0.8, 0.9, 0.95, 0.99];
const isSure = (value: unknown): value is number => SURE.includes(value as number);
const EDGE = 192;

interface Done {
  applied: number;
  acts: Acts | null;
  left: number;
  decisions: readonly string[];
}

/** Of objects and tags: how many are relabelled, removed and added. */
type Acts = readonly [number, number, number];

const WOULD = ["to relabel", "to remove", "missing, to add"];
const DONE = ["relabelled", "removed", "added"];

const listed = (acts: Acts, words: readonly string[]) =>
  acts
    .map((n, at) => (n ? `${count(n)} ${words[at]}` : ""))
    .filter(Boolean)
    .join(", ");

export function Consensus() {
  const { key, revision, refresh, undo, report, busy } = useSession();
  const names = useNames();
  const { run, iteration } = key;
  const [confidence, setConfidence] = useKept("consensus/confidence", 0.9, isSure);
  const asked = { run, iteration, confidence };
  const { reply, problem, retry } = useAsk("consensus", asked, [revision]);
  const [checking, setChecking] = React.useState(false);
  const [done, setDone] = React.useState<Done | null>(null);
  const [undoing, setUndoing] = React.useState(false);
  const thumbnails = useThumbnails(EDGE);
  if (!reply?.voted && !problem) return null;
  const samples = reply?.samples ?? 0;
  const open = `open ${names.thing === "sample" ? "label" : names.thing}`;
  const accept = async (check: string) => {
    const made = await ask("consensus_accept", { run, iteration, check });
    const { applied, acts, conflict_count: left, decisions } = made;
    setDone({ applied, acts, left, decisions });
    await refresh();
    retry();
  };
  const takeBack = async () => {
    if (!done) return;
    setUndoing(true);
    let left = done.decisions;
    while (left[0] && (await undo(left[0]))) left = left.slice(1);
    setDone(left.length ? { ...done, decisions: left } : null);
    setUndoing(false);
    retry();
  };
  return (
    <section className="dcf-card dcf-card-wide" aria-labelledby="dcf-consensus-title">
      <h3 id="dcf-consensus-title">Consensus of votes and model</h3>
      {problem && <p className="dcf-note">The consensus cannot be read: {problem.message}</p>}
      <div className="dcf-target-line">
        At least{" "}
        <Select
          size="small"
          variant="standard"
          value={confidence}
          onChange={(event) => setConfidence(Number(event.target.value))}
          inputProps={{ "aria-label": "How sure the consensus is" }}
        >
          {SURE.map((value) => (
            <MenuItem key={value} value={value}>
              {percent(value)}
            </MenuItem>
          ))}
        </Select>{" "}
        sure, it differs from{" "}
        <strong data-testid="consensus-samples">{plural(samples, open)}</strong>
        {samples > 0 && (
          <span className="dcf-soft">
            {" "}
            (by its own account wrong on about {decimal(reply?.expected_wrong ?? 0)})
          </span>
        )}
        .{reply?.acts && samples > 0 && ` ${listed(reply.acts, WOULD)}.`}
      </div>
      {reply && reply.changes.length > 0 && (
        <ul className="dcf-changes" aria-label="What would change">
          {reply.changes.map(([label, becomes, n]) => (
            <li key={`${label}/${becomes}`} className="dcf-chip">
              <Name>{names.label(label)}</Name> → <Name>{names.prediction(becomes)}</Name>{" "}
              <span className="dcf-soft">× {count(n)}</span>
            </li>
          ))}
          {reply.kinds > reply.changes.length && (
            <li className="dcf-soft">and {count(reply.kinds - reply.changes.length)} more kinds</li>
          )}
        </ul>
      )}
      <div className="dcf-card-buttons">
        <Button
          size="small"
          variant="contained"
          disabled={!samples || busy}
          onClick={() => setChecking(true)}
        >
          Check some, then accept
        </Button>
      </div>
      {done && (
        <p role="status" data-testid="consensus-done">
          {done.acts
            ? `${plural(done.applied, names.thing)} changed: ${listed(done.acts, DONE) || "none"}`
            : `Relabelled ${plural(done.applied, "sample")}`}
          {done.left > 0 && `; ${count(done.left)} were left alone, changed by others meanwhile`}.{" "}
          {done.decisions.length > 0 && (
            <Button size="small" disabled={undoing || busy} onClick={() => void takeBack()}>
              {undoing ? "Undoing …" : "Undo all"}
            </Button>
          )}
        </p>
      )}
      {checking && (
        <CheckDialog
          samples={samples}
          thing={names.thing}
          question={
            names.nothing === null
              ? "those whose class under the picture is wrong"
              : "those for which what is said under the picture is wrong"
          }
          draw={(size) => ask("consensus_check", { ...asked, size })}
          caption={({ labels, predictions }, at) => (
            <span className="dcf-check-name">
              <FromTo {...becomes(names, labels[at] ?? -1, predictions[at] ?? -1)} />
            </span>
          )}
          act={names.nothing === null ? "Relabel" : "Change"}
          onDecide={({ check }) =>
            accept(check).catch((error) => report("consensus", asProblem(error)))
          }
          thumbnails={thumbnails}
          onClose={() => setChecking(false)}
        />
      )}
    </section>
  );
}

/** What a label would be: another class, or that it goes or comes. */
function becomes(names: Names, label: number, to: number): { from: string; to: string | null } {
  if (to === names.nothing) return { from: `no ${names.label(label)}`, to: null };
  if (label === names.nothing) return { from: `add ${names.prediction(to)}`, to: null };
  return { from: names.label(label), to: names.prediction(to) };
}
