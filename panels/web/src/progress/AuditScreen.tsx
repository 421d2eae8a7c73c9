// Samples of an audit, judged blind: the picture and the classes, and nothing that tells the label.
import * as React from "react";
import { useGate, useShown } from "../acts/useShown";
import type { AuditInfo } from "../events";
import { Choose, useChooser } from "../parts/Choose";
import { keysOf } from "../parts/digits";
import { KeyButton } from "../parts/KeyButton";
import { useSession } from "../session";
import { SHORTCUTS, useShortcuts } from "../shortcuts";
import { AuditFrame } from "./AuditFrame";
import { AuditPicture } from "./AuditPicture";
import { ClassButtons } from "./ClassButtons";
import { type SampleVerdict, useAuditItems, useSampleWays } from "./useAuditItems";

export function AuditScreen({ info, onBack }: { info: AuditInfo; onBack: () => void }) {
  const { classes, refresh } = useSession();
  const other = React.useRef<HTMLButtonElement>(null);
  const audit = useAuditItems(info, useSampleWays(info));
  const { item } = audit;
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

  return (
    <AuditFrame info={info} audit={audit} onLeave={leave}>
      {item && (
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
      )}
    </AuditFrame>
  );
}
