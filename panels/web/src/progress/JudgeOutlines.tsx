// Outlines that may be anything's, or whole images, judged blind.
import * as React from "react";
import type { AuditInfo, AuditOutline } from "../events";
import { isFlag, useKept } from "../kept";
import { Adjust } from "../objects/Adjust";
import { Outline } from "../objects/Boxes";
import { type Box, placeOf } from "../objects/place";
import { Choose, useChooser } from "../parts/Choose";
import { keysOf } from "../parts/digits";
import type { Laid } from "../parts/zoom";
import { useSession } from "../session";
import { SHORTCUTS, useShortcuts } from "../shortcuts";
import { AuditFrame, type Words } from "./AuditFrame";
import { AuditPicture } from "./AuditPicture";
import { JudgedStage } from "./JudgedStage";
import { OutlineSide } from "./OutlineSide";
import {
  MIDDLE,
  named,
  nothingDone,
  OUTLINE_PREVIEW,
  type OutlineVerdict,
  type Work,
  withoutLast,
} from "./outlines";
import type { Ways } from "./useAuditItems";
import { useJudging } from "./useJudging";

interface Props {
  info: AuditInfo;
  ways: Ways<AuditOutline, OutlineVerdict>;
  words?: Words;
  /** Fetches a picture in full resolution, where it is none of an audit. */
  original?: (place: number) => Promise<{ image: string; problem: string }>;
  /** Whether the outline can be set right. */
  adjustable: boolean;
  /** What becomes of a verdict, where it is none of an audit. */
  note?: string;
  onLeave: () => void;
}

export function JudgeOutlines(props: Props) {
  const { info, ways, words, original, adjustable, note, onLeave } = props;
  const { classes } = useSession();
  const other = React.useRef<HTMLButtonElement>(null);
  const judging = useJudging(info, ways);
  const { audit, item, shown, pass } = judging;
  const place = item?.place ?? null;
  const chooser = useChooser(place);
  const [kept, setWork] = React.useState<Work>(nothingDone(-1));
  const work = kept.place === place ? kept : nothingDone(place ?? -1);

  const judge = (verdict: OutlineVerdict) => {
    chooser.close();
    judging.judge(verdict);
  };
  const give = (label: string) => {
    if (!item) return;
    const next = named(work, item.whole, label);
    if (next.verdict) judge(next.verdict);
    else if (work.box && pass(`found ${work.found.length}`, "part")) setWork(next.work);
  };
  const draw = (box: Box | null) => {
    if (box && pass("draw", "part")) setWork({ ...work, box, adjusting: true });
  };
  const keys = keysOf(item?.classes.map((label) => classes[label] ?? "") ?? []);
  const pick = (at: number) => {
    const label = item?.classes[at];
    if (label !== undefined) give(classes[label] ?? "");
  };
  const acts = {
    nothing: () => {
      if (item && !(item.whole && work.box))
        judge(item.whole ? { found: work.found } : { label: null });
    },
    unclear: () => item && judge({ unclear: true, whole: item.whole }),
    choose: () => {
      if (item && pass("choose", "part")) chooser.open(other.current);
    },
    draw: () => item && draw(work.box ?? (item.whole ? MIDDLE : item.box)),
    save: () => setWork({ ...work, adjusting: false }),
    asItWas: () => setWork({ ...work, box: null, adjusting: false }),
    skip: judging.skip,
    takeBack: () => {
      const before = withoutLast(work);
      if (before) setWork(before);
      else judging.takeBack();
    },
    leave: onLeave,
  };
  const idle = work.adjusting;
  useShortcuts({
    back: acts.leave,
    undo: acts.takeBack,
    auditSkip: idle ? undefined : acts.skip,
    auditUnclear: idle ? undefined : acts.unclear,
    auditOther: idle ? undefined : acts.choose,
    auditNothing: idle ? undefined : acts.nothing,
    auditMissing: !idle && item?.whole ? acts.draw : undefined,
    objectAdjust: adjustable && !idle && !item?.whole ? acts.draw : undefined,
    auditPick: idle ? undefined : (at) => pick(keys.indexOf(SHORTCUTS.auditPick.keys[at] ?? "")),
  });
  return (
    <AuditFrame
      info={info}
      audit={audit}
      onLeave={acts.leave}
      {...(words && { words })}
      {...(item && !words && { part: item.whole ? "whole images" : "outlines" })}
    >
      {item && (
        <div className="dcf-queuebody">
          <JudgedStage place={item.place} shown={shown}>
            <OutlinePicture
              key={item.place}
              audit={info.id}
              item={item}
              work={work}
              {...(original && { fetch: original })}
              onShown={judging.onShown}
              onChange={(change) => setWork((old) => ({ ...old, box: old.box && change(old.box) }))}
              onSave={acts.save}
              onLeave={acts.asItWas}
            />
          </JudgedStage>
          <OutlineSide
            item={item}
            work={work}
            keys={keys}
            acts={acts}
            onPick={pick}
            chooseRef={other}
            adjustable={adjustable}
            {...(note && { note })}
          />
          <Choose
            anchor={chooser.anchor}
            first={item.classes}
            samples={1}
            onChoose={(label) => chooser.take(() => give(label))}
            onClose={chooser.close}
          />
        </div>
      )}
    </AuditFrame>
  );
}

interface PictureProps {
  audit: string;
  item: AuditOutline;
  work: Work;
  fetch?: (place: number) => Promise<{ image: string; problem: string }>;
  onShown: () => void;
  onChange: (change: (box: Box) => Box) => void;
  onSave: () => void;
  onLeave: () => void;
}

function OutlinePicture({ audit, item, work, fetch, onShown, ...adjusting }: PictureProps) {
  const [others, setOthers] = useKept("objects/others", true, isFlag);
  useShortcuts({ objectOthers: () => setOthers(!others) });
  const { box, whole } = item;
  const seen = others || whole;
  const over = (laid: Laid) => (
    <>
      <div className="dcf-boxes" aria-hidden="true">
        {seen &&
          item.others.map((one) => (
            <Outline key={one.join()} kind="other" box={one} laid={laid} name="" />
          ))}
        {box && !work.box && <Outline kind="asked" box={box} laid={laid} name="" />}
        {work.found.map((one) => (
          <Outline key={one.box.join()} kind="asked" box={one.box} laid={laid} name={one.label} />
        ))}
        {work.box && !work.adjusting && <Outline kind="asked" box={work.box} laid={laid} name="" />}
      </div>
      {work.box && work.adjusting && (
        <Adjust box={work.box} laid={laid} width={item.width} kind="asked" {...adjusting} />
      )}
    </>
  );
  return (
    <AuditPicture
      audit={audit}
      item={item}
      preview={OUTLINE_PREVIEW}
      alt={whole ? "The whole image, with what is labelled outlined" : "What is in the outline?"}
      onShown={onShown}
      {...(fetch && { fetch })}
      {...(box && { start: (picture, room) => placeOf([box], picture, room) })}
      over={over}
      still={work.adjusting}
      tools={
        !whole && (
          <button
            type="button"
            className="dcf-viewer-tool"
            aria-pressed={others}
            aria-keyshortcuts="h"
            title="Show or hide the other labels of the image (h)"
            onClick={() => setOthers(!others)}
          >
            Other labels
          </button>
        )
      }
    />
  );
}
