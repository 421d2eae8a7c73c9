// Samples of an audit, judged blind: the picture and the classes, and nothing that tells the label.
import { Button, IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import { useGate, useShown } from "../acts/useShown";
import { ask } from "../ask";
import type { AuditInfo, AuditItem } from "../events";
import { count } from "../format";
import { Choose, useChooser } from "../parts/Choose";
import { keysOf } from "../parts/digits";
import { Icon } from "../parts/Icon";
import { KeyButton } from "../parts/KeyButton";
import { BlindOutcome } from "../parts/Outcome";
import { Drawn } from "../parts/Picture";
import { Problem } from "../parts/Problem";
import { Waiting } from "../parts/States";
import { NoPicture, Zoomable } from "../parts/Viewer";
import { useSession } from "../session";
import { SHORTCUTS, useShortcuts } from "../shortcuts";
import { ClassButtons } from "./ClassButtons";
import { PREVIEW, type SampleVerdict, useAuditItems, useSampleWays } from "./useAuditItems";

export function AuditScreen({ info, onBack }: { info: AuditInfo; onBack: () => void }) {
  const { classes, refresh } = useSession();
  const other = React.useRef<HTMLButtonElement>(null);
  const audit = useAuditItems(info, useSampleWays(info));
  const { item, line, skipped } = audit;
  const chooser = useChooser(item?.place ?? null);
  const [shown, setShown] = useShown(item ? String(item.place) : null);
  const { pass } = useGate(shown);

  const judge = (verdict: SampleVerdict) => {
    chooser.close();
    if (item && pass(JSON.stringify(verdict))) audit.judge(item.place, verdict);
  };
  const skip = () => {
    if (item && pass("skip")) audit.skip(item.place);
  };
  const leave = () => {
    void refresh();
    onBack();
  };
  const takeBack = () => {
    if (pass("undo", "nothing")) audit.takeBack();
  };
  const pick = (at: number) => {
    const label = item?.classes[at];
    if (label !== undefined) judge({ label: classes[label] ?? "" });
  };
  const choose = () => chooser.open(other.current);
  const keys = keysOf(item?.classes.map((label) => classes[label] ?? "") ?? []);
  useShortcuts({
    back: leave,
    undo: takeBack,
    auditSkip: skip,
    auditUnclear: () => judge({ unclear: true }),
    auditOther: choose,
    auditPick: (at) => pick(keys.indexOf(SHORTCUTS.auditPick.keys[at] ?? "")),
  });

  if (audit.problem && !line)
    return <Problem problem={audit.problem} onRetry={audit.retry} onBack={leave} />;
  if (!line) return <Waiting text="Fetching the samples of the audit …" />;
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
          {count(audit.judged)} of {count(info.size)} judged
          {skipped.length > 0 && ` · ${count(skipped.length)} skipped`}
        </span>
      </header>
      {audit.closed && (
        <p className="dcf-note dcf-hint" role="note">
          This audit was ended in another window. What you judge still counts as decisions.
        </p>
      )}
      {audit.problem && (
        <p className="dcf-inline-problem" role="alert">
          {audit.problem.message}
        </p>
      )}
      {item ? (
        <div className="dcf-queuebody">
          <div className="dcf-queue-stage">
            <div
              className="dcf-queue-picture"
              data-place={item.place}
              data-shown={shown || undefined}
            >
              <AuditPicture
                key={item.place}
                audit={info.id}
                item={item}
                onShown={() => setShown(String(item.place))}
              />
            </div>
          </div>
          <aside className="dcf-queue-side" aria-label="Verdict">
            <p className="dcf-question">What do you see?</p>
            <ClassButtons labels={item.classes} keys={keys} onPick={pick} />
            <div className="dcf-queue-buttons">
              <KeyButton
                tip="auditOther"
                icon="edit"
                disabled={false}
                onClick={choose}
                buttonRef={other}
              >
                Other…
              </KeyButton>
              <KeyButton
                tip="auditUnclear"
                icon="help"
                disabled={false}
                onClick={() => judge({ unclear: true })}
              >
                Cannot tell
              </KeyButton>
              <KeyButton tip="auditSkip" icon="skip" disabled={false} onClick={skip}>
                Skip
              </KeyButton>
              <KeyButton tip="undo" icon="undo" disabled={false} onClick={takeBack}>
                Undo
              </KeyButton>
            </div>
            <p className="dcf-note">
              The sample's label and the prediction are hidden, so that they cannot sway you; with
              the whole window (f) FiftyOne's grid does not tell them either. Your verdict is a
              decision like any other.
            </p>
          </aside>
          <Choose
            anchor={chooser.anchor}
            first={item.classes}
            samples={1}
            onChoose={(label) => chooser.take(() => judge({ label }))}
            onClose={chooser.close}
          />
        </div>
      ) : (
        <div className="dcf-screen">
          <Icon name="check" className="dcf-screen-icon" />
          <h3>{skipped.length ? "Only skipped samples are left" : "The audit is judged"}</h3>
          <div className="dcf-screen-buttons">
            {skipped.length > 0 && (
              <Button onClick={audit.restart}>Go through the skipped ones</Button>
            )}
            <Button variant="contained" onClick={leave}>
              See the estimate
            </Button>
          </div>
        </div>
      )}
      <BlindOutcome />
    </section>
  );
}

interface AuditPictureProps {
  audit: string;
  item: AuditItem;
  onShown: () => void;
}

function AuditPicture({ audit, item, onShown }: AuditPictureProps) {
  const { run } = useSession().key;
  const { place, image, width, height } = item;
  const original = React.useCallback(async () => {
    const { image, problem } = await ask("audit_original", { run, audit, place });
    return { source: image, problem };
  }, [run, audit, place]);
  const alt = "The sample to judge";
  if (!image)
    return (
      <NoPicture>
        <Drawn picture={item} problem={`${item.problem}.`} alt={alt} onShown={onShown} />
      </NoPicture>
    );
  const picture = { image, width, height, alt, original };
  return <Zoomable picture={picture} preview={PREVIEW} onShown={onShown} />;
}
