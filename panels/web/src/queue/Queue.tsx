// One suspect after the other, for the keyboard alone.
import * as fos from "@fiftyone/state";
import { Button, IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { useGate, useShown } from "../acts/useShown";
import { ask, asProblem } from "../ask";
import type { Action, Problem as Said } from "../events";
import { count, plural } from "../format";
import { Choose } from "../parts/Choose";
import { Details } from "../parts/Details";
import { Icon, type IconName } from "../parts/Icon";
import { Outcome } from "../parts/Outcome";
import { Picture } from "../parts/Picture";
import { Probabilities } from "../parts/Probabilities";
import { Problem } from "../parts/Problem";
import { type RankingChoice, SCORES } from "../ranking/choice";
import { useSample } from "../samples";
import { useSession } from "../session";
import { SHORTCUTS, useKeys } from "../shortcuts";

interface Props {
  cell: [number, number] | null;
  /** The ranking to go through, in its order; null for the suspects. */
  ranking: RankingChoice | null;
  onBack: () => void;
  onEverything: () => void;
}

const FETCH = 24;
const LOW = 8;
const AHEAD = 3;

interface Line {
  rows: number[];
  left: number;
  outside: number;
}

export function Queue({ cell, ranking, onBack, onEverything }: Props) {
  const { key, classes, resolve, undo, overview } = useSession();
  const view = JSON.stringify([useRecoilValue(fos.view), useRecoilValue(fos.filters)]);
  const [line, setLine] = React.useState<Line | null>(null);
  const [problem, setProblem] = React.useState<Said | null>(null);
  const [choosing, setChoosing] = React.useState<HTMLElement | null>(null);
  const skipped = React.useRef<number[]>([]);
  const gone = React.useRef(new Set<number>());
  /** Deleted by somebody outside of the run, for whom no decision stands. */
  const deleted = React.useRef(new Set<number>());
  const relabel = React.useRef<HTMLButtonElement>(null);
  // While a decision is taken back, and until its sample can have come, nothing is held in front.
  const back = React.useRef<"no" | "asked" | "done">("no");
  const turn = React.useRef(0);
  const asked = cell ? cell.join() : "";
  const within = React.useMemo<[number, number] | null>(() => {
    const [label, prediction] = asked.split(",").map(Number);
    return label === undefined || prediction === undefined ? null : [label, prediction];
  }, [asked]);

  const fetchLine = React.useCallback(() => {
    const mine = ++turn.current;
    const skip = [...skipped.current, ...deleted.current];
    ask("queue", { ...key, ...ranking, cell: within, skip, limit: FETCH }).then(
      (reply) => {
        if (mine !== turn.current) return;
        const front = back.current === "no";
        if (back.current === "done") back.current = "no";
        const rows = reply.rows.filter((row) => !gone.current.has(row));
        setLine((old) => {
          // The sample in front of the person stays there.
          const first = front ? old?.rows[0] : undefined;
          const ordered =
            first !== undefined && rows.includes(first)
              ? [first, ...rows.filter((row) => row !== first)]
              : rows;
          return { rows: ordered, left: reply.left, outside: reply.outside };
        });
        setProblem(null);
      },
      (error) => setProblem(asProblem(error)),
    );
  }, [key, within, ranking]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another view or another's decisions change the line
  React.useEffect(() => {
    gone.current.clear();
    fetchLine();
  }, [fetchLine, view]);
  const revision = overview.revision;
  const busy = React.useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: others' decisions and undone ones change the line
  React.useEffect(() => {
    if (line && !busy.current) {
      gone.current.clear();
      fetchLine();
    }
  }, [revision]);

  const current = line?.rows[0] ?? null;
  const sample = useSample(current, line?.rows.slice(1, 1 + AHEAD), 768, (rows) => {
    for (const row of rows) {
      if (deleted.current.has(row)) continue;
      deleted.current.add(row);
      advance(row);
    }
  });
  const ready = sample !== null && sample.row === current;
  const [shown, setShown] = useShown(ready ? String(current) : null);
  const { pass } = useGate(shown);

  const advance = (row: number) => {
    gone.current.add(row);
    setLine((old) => {
      if (!old) return old;
      const rows = old.rows.filter((other) => other !== row);
      return { ...old, rows, left: Math.max(0, old.left - 1) };
    });
  };
  const remaining = line?.rows.length ?? 0;
  const leftOver = line?.left ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a short line asks for more
  React.useEffect(() => {
    if (remaining < LOW && leftOver > remaining) fetchLine();
  }, [remaining < LOW, leftOver > remaining]);

  const decide = (action: Action, option?: { label?: string }) => {
    setChoosing(null);
    if (current === null || !pass(`${action} ${option?.label ?? ""}`)) return;
    const row = current;
    busy.current++;
    advance(row);
    void resolve(action, [row], option).then((done) => {
      busy.current--;
      // What could not be done comes back, with the reason below.
      if (!done) gone.current.delete(row);
      if (!done || !busy.current) fetchLine();
    });
  };
  const pick = (at: number) => {
    if (!ready) return decide("confirm"); // which is dropped, and says so
    const label = sample.probabilities[at]?.label;
    if (label === undefined) return;
    if (label === sample.label) decide("confirm");
    else decide("relabel", { label: classes[label] ?? "" });
  };
  const confirm = () => decide("confirm");
  const accept = () => {
    if (!ready) return decide("confirm");
    if (sample.prediction !== sample.label) {
      decide("relabel", { label: classes[sample.prediction] ?? "" });
    }
  };
  const remove = () => decide("remove");
  const skip = () => {
    if (current === null || !pass("skip")) return;
    skipped.current.push(current);
    advance(current);
  };
  const open = () => setChoosing(relabel.current);
  const takeBack = () => {
    if (!pass("undo", "nothing")) return;
    back.current = "asked";
    gone.current.clear();
    void undo().then(() => {
      back.current = "done";
      fetchLine();
    });
  };
  useKeys({
    u: takeBack,
    c: confirm,
    a: accept,
    x: remove,
    s: skip,
    r: open,
    Escape: onBack,
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [String(n), () => pick(n - 1)])),
  });

  if (problem) return <Problem problem={problem} onRetry={fetchLine} onBack={onBack} />;
  const where = cell ? (
    <>
      <bdi>{classes[cell[0]]}</bdi> <span className="dcf-soft">predicted</span>{" "}
      <bdi>{classes[cell[1]]}</bdi>
    </>
  ) : ranking ? (
    <>
      {SCORES[ranking.by].name}
      {ranking.label !== null && (
        <>
          {" "}
          <span className="dcf-soft">labelled</span> <bdi>{classes[ranking.label]}</bdi>
        </>
      )}
    </>
  ) : (
    "All suspects"
  );
  return (
    <section className="dcf-queue" aria-label="Queue">
      <header className="dcf-bar dcf-cellbar">
        <Tooltip title="Back (Esc)">
          <IconButton size="small" aria-label="Back" onClick={onBack}>
            <Icon name="back" />
          </IconButton>
        </Tooltip>
        <h2 className="dcf-title">{where}</h2>
        <span className="dcf-soft" role="status">
          {line ? `${count(line.left)} left` : "…"}
          {skipped.current.length ? ` · ${count(skipped.current.length)} skipped` : ""}
          {deleted.current.size ? ` · ${count(deleted.current.size)} deleted elsewhere` : ""}
          {line?.outside ? ` · ${count(line.outside)} outside the view` : ""}
        </span>
        <span className="dcf-grow" />
        {(cell || ranking) && (
          <Button size="small" onClick={onEverything}>
            All suspects
          </Button>
        )}
      </header>
      {line && current === null ? (
        <End
          line={line}
          skipped={skipped.current.length}
          deleted={deleted.current.size}
          to={ranking ? "the ranking" : "the overview"}
          onBack={onBack}
          onAgain={() => {
            skipped.current = [];
            gone.current.clear();
            fetchLine();
          }}
        />
      ) : (
        <div className="dcf-queuebody">
          <div
            className="dcf-queue-picture"
            data-row={ready ? current : undefined}
            data-shown={shown || undefined}
          >
            <Picture sample={ready ? sample : null} onShown={(row) => setShown(String(row))} />
          </div>
          <aside className="dcf-queue-side" aria-label="Sample">
            {ready && sample && (
              <>
                <p className="dcf-question">
                  Labelled{" "}
                  <strong>
                    <bdi>{classes[sample.label]}</bdi>
                  </strong>
                  {sample.prediction !== sample.label && (
                    <>
                      , predicted{" "}
                      <strong>
                        <bdi>{classes[sample.prediction]}</bdi>
                      </strong>
                    </>
                  )}
                </p>
                <Probabilities
                  sample={sample}
                  onPick={(label) => pick(sample.probabilities.findIndex((p) => p.label === label))}
                />
              </>
            )}
            <div className="dcf-queue-buttons">
              <Key tip="queueConfirm" icon="check" onClick={confirm} disabled={!ready}>
                Confirm
              </Key>
              <Key
                tip="queueAccept"
                icon="accept"
                onClick={accept}
                disabled={!ready || sample?.prediction === sample?.label}
              >
                Accept
              </Key>
              <Key
                tip="queueRelabel"
                icon="edit"
                onClick={open}
                disabled={!ready}
                buttonRef={relabel}
              >
                Other…
              </Key>
              <Key tip="queueRemove" icon="remove" onClick={remove} disabled={!ready}>
                Remove
              </Key>
              <Key tip="queueSkip" icon="skip" onClick={skip} disabled={!ready}>
                Skip
              </Key>
              <Key tip="undo" icon="undo" onClick={takeBack} disabled={false}>
                Undo
              </Key>
            </div>
            {ready && sample && <Details sample={sample} />}
          </aside>
          <Choose
            anchor={choosing}
            first={sample?.probabilities.map((p) => p.label) ?? []}
            samples={1}
            onChoose={(label) => decide("relabel", { label })}
            onClose={() => setChoosing(null)}
          />
        </div>
      )}
      <Outcome />
    </section>
  );
}

function End({
  line,
  skipped,
  deleted,
  to,
  onBack,
  onAgain,
}: {
  line: Line;
  skipped: number;
  deleted: number;
  to: string;
  onBack: () => void;
  onAgain: () => void;
}) {
  return (
    <div className="dcf-screen">
      <Icon name="check" className="dcf-screen-icon" />
      <h3>{line.outside ? "Nothing left in FiftyOne's current view" : "The queue is empty"}</h3>
      {line.outside > 0 && (
        <p>{plural(line.outside, "open sample")} outside the view. Clear it to go on.</p>
      )}
      {deleted > 0 && <p>{plural(deleted, "sample")} deleted elsewhere.</p>}
      {skipped > 0 && <p>{plural(skipped, "sample")} skipped.</p>}
      <div className="dcf-screen-buttons">
        {skipped > 0 && (
          <Button variant="contained" onClick={onAgain}>
            Go through the skipped ones
          </Button>
        )}
        <Button onClick={onBack}>Back to {to}</Button>
      </div>
    </div>
  );
}

interface KeyProps {
  tip: keyof typeof SHORTCUTS;
  icon: IconName;
  disabled: boolean;
  onClick: () => void;
  buttonRef?: React.Ref<HTMLButtonElement>;
  children: React.ReactNode;
}

function Key({ tip, icon, disabled, onClick, buttonRef, children }: KeyProps) {
  const key = SHORTCUTS[tip].keys[0];
  return (
    <Button
      {...(buttonRef ? { ref: buttonRef } : {})}
      size="small"
      variant="outlined"
      className="dcf-button"
      startIcon={<Icon name={icon} />}
      disabled={disabled}
      onClick={onClick}
      aria-keyshortcuts={key}
    >
      <span className="dcf-button-text">{children}</span>
      <kbd>{key}</kbd>
    </Button>
  );
}
