// Samples that are judged blind: the picture and the classes, and nothing that tells the label.
import * as React from "react";
import type { AuditInfo, AuditItem } from "../events";
import { Choose, useChooser } from "../parts/Choose";
import { keysOf } from "../parts/digits";
import { KeyButton } from "../parts/KeyButton";
import { useSession } from "../session";
import { SHORTCUTS, useShortcuts } from "../shortcuts";
import { AuditFrame, type Words } from "./AuditFrame";
import { AuditPicture } from "./AuditPicture";
import { ClassButtons } from "./ClassButtons";
import { JudgedStage } from "./JudgedStage";
import type { SampleVerdict, Ways } from "./useAuditItems";
import { useJudging } from "./useJudging";

interface Props {
  info: AuditInfo;
  ways: Ways<AuditItem, SampleVerdict>;
  words?: Words;
  /** Fetches a picture in full resolution, where it is none of an audit. */
  original?: (place: number) => Promise<{ image: string; problem: string }>;
  /** What becomes of a verdict. */
  note: React.ReactNode;
  onLeave: () => void;
}

export function JudgeSamples({ info, ways, words, original, note, onLeave }: Props) {
  const { classes } = useSession();
  const other = React.useRef<HTMLButtonElement>(null);
  const judging = useJudging(info, ways);
  const { audit, item, shown, pass, skip, takeBack } = judging;
  const chooser = useChooser(item?.place ?? null);

  const judge = (verdict: SampleVerdict) => {
    chooser.close();
    judging.judge(verdict);
  };
  const pick = (at: number) => {
    const label = item?.classes[at];
    if (label !== undefined) judge({ label: classes[label] ?? "" });
  };
  const choose = () => {
    if (item && pass("choose", "part")) chooser.open(other.current);
  };
  const keys = keysOf(item?.classes.map((label) => classes[label] ?? "") ?? []);
  useShortcuts({
    back: onLeave,
    undo: takeBack,
    auditSkip: skip,
    auditUnclear: () => judge({ unclear: true }),
    auditOther: choose,
    auditPick: (at) => pick(keys.indexOf(SHORTCUTS.auditPick.keys[at] ?? "")),
  });

  return (
    <AuditFrame info={info} audit={audit} onLeave={onLeave} {...(words && { words })}>
      {item && (
        <div className="dcf-queuebody">
          <JudgedStage place={item.place} shown={shown}>
            <AuditPicture
              key={item.place}
              audit={info.id}
              item={item}
              {...(original && { fetch: original })}
              onShown={judging.onShown}
            />
          </JudgedStage>
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
            <p className="dcf-note">{note}</p>
          </aside>
          <Choose
            anchor={chooser.anchor}
            first={item.classes}
            samples={1}
            onChoose={(label) => chooser.take(() => judge({ label }))}
            onClose={chooser.close}
          />
        </div>
      )}
    </AuditFrame>
  );
}
