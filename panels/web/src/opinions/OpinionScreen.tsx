// Samples that somebody is asked about: the picture and the classes, and nothing that tells a label.
import { Button, IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import { useGate, useShown } from "../acts/useShown";
import { ask } from "../ask";
import type { AuditItem, OpinionInfo } from "../events";
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
import { ClassButtons } from "../progress/ClassButtons";
import { PREVIEW, type SampleVerdict, useAuditItems } from "../progress/useAuditItems";
import { useSession } from "../session";
import { SHORTCUTS, useShortcuts } from "../shortcuts";
import { asAudit, useOpinionWays } from "./ways";

export function OpinionScreen({ info, onBack }: { info: OpinionInfo; onBack: () => void }) {
  const { classes } = useSession();
  const other = React.useRef<HTMLButtonElement>(null);
  const places = useAuditItems(asAudit(info), useOpinionWays(info.id));
  const { item, line, skipped } = places;
  const chooser = useChooser(item?.place ?? null);
  const [shown, setShown] = useShown(item ? String(item.place) : null);
  const { pass } = useGate(shown);

  const judge = (verdict: SampleVerdict) => {
    chooser.close();
    if (item && pass(JSON.stringify(verdict))) places.judge(item.place, verdict);
  };
  const skip = () => {
    if (item && pass("skip")) places.skip(item.place);
  };
  const takeBack = () => {
    if (pass("undo", "nothing")) places.takeBack();
  };
  const pick = (at: number) => {
    const label = item?.classes[at];
    if (label !== undefined) judge({ label: classes[label] ?? "" });
  };
  const unclear = () => judge({ unclear: true });
  const choose = () => chooser.open(other.current);
  const keys = keysOf(item?.classes.map((label) => classes[label] ?? "") ?? []);
  useShortcuts({
    back: onBack,
    undo: takeBack,
    auditSkip: skip,
    auditUnclear: unclear,
    auditOther: choose,
    auditPick: (at) => pick(keys.indexOf(SHORTCUTS.auditPick.keys[at] ?? "")),
  });
  const key = { tip: "auditOther", disabled: false } as const;

  if (places.problem && !line)
    return <Problem problem={places.problem} onRetry={places.retry} onBack={onBack} />;
  if (!line) return <Waiting text="Fetching what was asked …" />;
  return (
    <section className="dcf-queue" aria-label="Second opinion">
      <header className="dcf-bar dcf-cellbar">
        <Tooltip title="Back to the progress (Esc)">
          <IconButton size="small" aria-label="Back to the progress" onClick={onBack}>
            <Icon name="back" />
          </IconButton>
        </Tooltip>
        <h2 className="dcf-title">
          <span>Second opinion {info.number}, for</span> <bdi>{info.to}</bdi>
        </h2>
        <span className="dcf-soft" role="status">
          {count(places.judged)} of {count(info.size)} judged
          {skipped.length > 0 && ` · ${count(skipped.length)} skipped`}
        </span>
      </header>
      {places.problem && (
        <p className="dcf-inline-problem" role="alert">
          {places.problem.message}
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
              <OpinionPicture
                key={item.place}
                opinion={info.id}
                item={item}
                onShown={() => setShown(String(item.place))}
              />
            </div>
          </div>
          <aside className="dcf-queue-side" aria-label="Answer">
            <p className="dcf-question">What do you see?</p>
            <ClassButtons labels={item.classes} keys={keys} onPick={pick} />
            <div className="dcf-queue-buttons">
              <KeyButton {...key} icon="edit" onClick={choose} buttonRef={other}>
                Other…
              </KeyButton>
              <KeyButton {...key} tip="auditUnclear" icon="help" onClick={unclear}>
                Cannot tell
              </KeyButton>
              <KeyButton {...key} tip="auditSkip" icon="skip" onClick={skip}>
                Skip
              </KeyButton>
              <KeyButton {...key} tip="undo" icon="undo" onClick={takeBack}>
                Undo
              </KeyButton>
            </div>
            <p className="dcf-note">
              Neither the label nor a prediction nor what somebody else said is shown, so that they
              cannot sway you; with the whole window (f) FiftyOne's grid does not tell them either.
              Your answer changes no label: where it is another one, somebody settles that later.
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
          <h3>{skipped.length ? "Only skipped ones are left" : "Everything is answered"}</h3>
          <div className="dcf-screen-buttons">
            {skipped.length > 0 && (
              <Button onClick={places.restart}>Go through the skipped ones</Button>
            )}
            <Button variant="contained" onClick={onBack}>
              See the agreement
            </Button>
          </div>
        </div>
      )}
      <BlindOutcome />
    </section>
  );
}

interface PictureProps {
  opinion: string;
  item: AuditItem;
  onShown: () => void;
}

function OpinionPicture({ opinion, item, onShown }: PictureProps) {
  const { run } = useSession().key;
  const { place, image, width, height } = item;
  const original = React.useCallback(async () => {
    const { image, problem } = await ask("opinion_original", { run, opinion, place });
    return { source: image, problem };
  }, [run, opinion, place]);
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
