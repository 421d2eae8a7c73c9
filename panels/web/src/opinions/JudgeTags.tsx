// Tags that are judged blind: the picture, and whether one tag applies to it, not who said so.
import * as React from "react";
import type { AuditInfo, AuditItem } from "../events";
import { KeyButton } from "../parts/KeyButton";
import { AuditFrame, type Words } from "../progress/AuditFrame";
import { AuditPicture } from "../progress/AuditPicture";
import { ClassButtons } from "../progress/ClassButtons";
import { JudgedStage } from "../progress/JudgedStage";
import type { Ways } from "../progress/useAuditItems";
import { useJudging } from "../progress/useJudging";
import { useSession } from "../session";
import { SHORTCUTS, useShortcuts } from "../shortcuts";

export type TagVerdict = { label: string } | { nothing: true } | { unclear: true };

interface Props {
  info: AuditInfo;
  ways: Ways<AuditItem, TagVerdict>;
  words: Words;
  original: (place: number) => Promise<{ image: string; problem: string }>;
  note: React.ReactNode;
  onLeave: () => void;
}

const APPLIES = SHORTCUTS.auditPick.keys[0] ?? "";

export function JudgeTags({ info, ways, words, original, note, onLeave }: Props) {
  const { classes } = useSession();
  const judging = useJudging(info, ways);
  const { audit, item, shown, judge, skip, takeBack } = judging;
  const tag = classes[item?.classes[0] ?? -1] ?? "";
  const applies = () => tag && judge({ label: tag });
  const nothing = () => judge({ nothing: true });
  const unclear = () => judge({ unclear: true });
  useShortcuts({
    back: onLeave,
    undo: takeBack,
    auditSkip: skip,
    auditUnclear: unclear,
    auditNothing: nothing,
    auditPick: (at) => SHORTCUTS.auditPick.keys[at] === APPLIES && applies(),
  });
  return (
    <AuditFrame info={info} audit={audit} onLeave={onLeave} words={words}>
      {item && (
        <div className="dcf-queuebody">
          <JudgedStage place={item.place} shown={shown}>
            <AuditPicture
              key={item.place}
              audit={info.id}
              item={item}
              fetch={original}
              onShown={judging.onShown}
            />
          </JudgedStage>
          <aside className="dcf-queue-side" aria-label="Verdict">
            <p className="dcf-question" data-testid="asked">
              Does “<bdi>{tag}</bdi>” apply to this image?
            </p>
            <ClassButtons labels={item.classes} keys={[APPLIES]} onPick={applies} />
            <div className="dcf-queue-buttons">
              <KeyButton tip="auditNothing" icon="close" disabled={false} onClick={nothing}>
                Does not apply
              </KeyButton>
              <KeyButton tip="auditUnclear" icon="help" disabled={false} onClick={unclear}>
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
        </div>
      )}
    </AuditFrame>
  );
}
