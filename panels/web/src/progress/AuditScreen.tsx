// Samples of an audit, judged blind: the picture and the classes, and nothing that tells the label.
import { Button, IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import { useGate, useShown } from "../acts/useShown";
import { ask, asProblem } from "../ask";
import type { AuditInfo, AuditItem, Problem as Said } from "../events";
import { count } from "../format";
import { Choose } from "../parts/Choose";
import { Icon } from "../parts/Icon";
import { Drawn } from "../parts/Picture";
import { Problem } from "../parts/Problem";
import { Waiting } from "../parts/States";
import { useSession } from "../session";
import { useKeys } from "../shortcuts";
import { keysOf } from "./keys";

const FETCH = 12;
const LOW = 4;
const SIZE = 640;

export function AuditScreen({ info, onBack }: { info: AuditInfo; onBack: () => void }) {
  const { key, classes, refresh, undo } = useSession();
  const [line, setLine] = React.useState<AuditItem[] | null>(null);
  const [problem, setProblem] = React.useState<Said | null>(null);
  const [choosing, setChoosing] = React.useState<HTMLElement | null>(null);
  const other = React.useRef<HTMLButtonElement>(null);
  const skipped = React.useRef<number[]>([]);
  const sent = React.useRef(new Set<number>());
  const decisions = React.useRef<{ decision: string; place: number }[]>([]);
  const before = React.useRef(info);

  const fetchItems = React.useCallback(() => {
    const skip = [...skipped.current, ...sent.current];
    ask("audit_items", { run: key.run, audit: info.id, skip, limit: FETCH, size: SIZE }).then(
      (reply) => {
        setLine(reply.items.filter(({ place }) => !sent.current.has(place)));
        setProblem(null);
      },
      (error) => setProblem(asProblem(error)),
    );
  }, [key.run, info.id]);
  React.useEffect(fetchItems, [fetchItems]);

  const item = line?.[0] ?? null;
  const [shown, setShown] = useShown(item ? String(item.place) : null);
  const { pass } = useGate(shown);
  const advance = (place: number) =>
    setLine((old) => old?.filter((other) => other.place !== place) ?? null);
  const held = line?.length ?? 0;
  const waiting = before.current.waiting - sent.current.size - skipped.current.length;
  const more = line !== null && waiting > held;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a short line asks for more
  React.useEffect(() => {
    if (held < LOW && more) fetchItems();
  }, [held < LOW, more]);

  const judge = (verdict: { label: string } | { unclear: true }) => {
    setChoosing(null);
    if (!item || !pass(JSON.stringify(verdict))) return;
    const { place } = item;
    sent.current.add(place);
    advance(place);
    ask("audit_verdict", { run: key.run, audit: info.id, place, ...verdict }).then(
      (reply) => {
        if (reply.decision) decisions.current.push({ decision: reply.decision, place });
      },
      (error) => {
        sent.current.delete(place);
        setProblem(asProblem(error));
      },
    );
  };
  const skip = () => {
    if (!item || !pass("skip")) return;
    skipped.current.push(item.place);
    advance(item.place);
  };
  const leave = () => {
    void refresh();
    onBack();
  };
  const takeBack = () => {
    if (!pass("undo", "nothing")) return;
    const last = decisions.current.pop();
    if (!last) return;
    void undo(last.decision).then(() => {
      sent.current.delete(last.place);
      fetchItems();
    });
  };
  const pick = (at: number) => {
    const label = item?.classes[at];
    if (label !== undefined) judge({ label: classes[label] ?? "" });
  };
  const keys = keysOf(item?.classes.map((label) => classes[label] ?? "") ?? []);
  useKeys({
    Escape: leave,
    u: takeBack,
    s: skip,
    x: () => judge({ unclear: true }),
    r: () => setChoosing(other.current),
    ...Object.fromEntries(keys.map((name, at) => [name || "none", () => pick(at)])),
  });

  if (problem) return <Problem problem={problem} onRetry={fetchItems} onBack={leave} />;
  if (!line) return <Waiting text="Fetching the samples of the audit …" />;
  const done = before.current.judged + sent.current.size;
  return (
    <section className="dcf-queue" aria-label="Audit">
      <header className="dcf-bar dcf-cellbar">
        <Tooltip title="Back to the progress (Esc)">
          <IconButton size="small" aria-label="Back to the progress" onClick={leave}>
            <Icon name="back" />
          </IconButton>
        </Tooltip>
        <h2 className="dcf-title">Audit {info.number}</h2>
        <span className="dcf-soft" role="status">
          {count(done)} of {count(info.size)} judged
        </span>
      </header>
      {item ? (
        <div className="dcf-queuebody">
          <div
            className="dcf-queue-picture"
            data-place={item.place}
            data-shown={shown || undefined}
          >
            <Drawn
              key={item.place}
              picture={item}
              problem={`${item.problem}.`}
              alt="The sample to judge"
              onShown={() => setShown(String(item.place))}
            />
          </div>
          <aside className="dcf-queue-side" aria-label="Verdict">
            <p className="dcf-question">What do you see?</p>
            <div className="dcf-verdicts">
              {item.classes.map((label, at) => (
                <Button
                  key={label}
                  size="small"
                  variant="outlined"
                  className="dcf-button"
                  onClick={() => pick(at)}
                  aria-keyshortcuts={keys[at] || undefined}
                >
                  <span className="dcf-button-text">
                    <bdi>{classes[label]}</bdi>
                  </span>
                  {keys[at] && <kbd>{keys[at]}</kbd>}
                </Button>
              ))}
            </div>
            <div className="dcf-queue-buttons">
              <Button
                ref={other}
                size="small"
                variant="outlined"
                className="dcf-button"
                startIcon={<Icon name="edit" />}
                onClick={() => setChoosing(other.current)}
                aria-keyshortcuts="r"
              >
                <span className="dcf-button-text">Other…</span>
                <kbd>r</kbd>
              </Button>
              <Button
                size="small"
                variant="outlined"
                className="dcf-button"
                startIcon={<Icon name="help" />}
                onClick={() => judge({ unclear: true })}
                aria-keyshortcuts="x"
              >
                <span className="dcf-button-text">Cannot tell</span>
                <kbd>x</kbd>
              </Button>
              <Button
                size="small"
                variant="outlined"
                className="dcf-button"
                startIcon={<Icon name="skip" />}
                onClick={skip}
                aria-keyshortcuts="s"
              >
                <span className="dcf-button-text">Skip</span>
                <kbd>s</kbd>
              </Button>
              <Button
                size="small"
                variant="outlined"
                className="dcf-button"
                startIcon={<Icon name="undo" />}
                onClick={takeBack}
                aria-keyshortcuts="u"
              >
                <span className="dcf-button-text">Undo</span>
                <kbd>u</kbd>
              </Button>
            </div>
            <p className="dcf-note">
              The sample's label and the prediction are hidden, so that they cannot sway you. Your
              verdict is a decision like any other.
            </p>
          </aside>
          <Choose
            anchor={choosing}
            first={item.classes}
            samples={1}
            onChoose={(label) => judge({ label })}
            onClose={() => setChoosing(null)}
          />
        </div>
      ) : (
        <div className="dcf-screen">
          <Icon name="check" className="dcf-screen-icon" />
          <h3>
            {skipped.current.length ? "Only skipped samples are left" : "The audit is judged"}
          </h3>
          <div className="dcf-screen-buttons">
            {skipped.current.length > 0 && (
              <Button
                onClick={() => {
                  skipped.current = [];
                  fetchItems();
                }}
              >
                Go through the skipped ones
              </Button>
            )}
            <Button variant="contained" onClick={leave}>
              See the estimate
            </Button>
          </div>
        </div>
      )}
    </section>
  );
}
