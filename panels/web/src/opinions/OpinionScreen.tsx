// Samples, or outlines of objects, that somebody is asked about, judged blind.
import * as React from "react";
import { ask } from "../ask";
import type { OpinionInfo } from "../events";
import { Name } from "../parts/Name";
import { JudgeOutlines } from "../progress/JudgeOutlines";
import { JudgeSamples } from "../progress/JudgeSamples";
import type { SampleVerdict } from "../progress/useAuditItems";
import { useSession } from "../session";
import { JudgeTags, type TagVerdict } from "./JudgeTags";
import { asAudit, useOpinionWays, useOutlineOpinionWays } from "./ways";

const SAMPLES =
  "Neither the label nor a prediction nor what somebody else said is shown, so that they cannot " +
  "sway you; with the whole window (f) FiftyOne's grid does not tell them either. Your answer " +
  "changes no label: where it is another one, somebody settles that later.";
const TAGS =
  "Whether it is there, is proposed or was removed is not shown, nor are the image's other tags, " +
  "so that they cannot sway you; with the whole window (f) FiftyOne's grid does not tell either. " +
  "Your answer changes no tag: where it is another one, somebody settles that later.";
const OUTLINES =
  "It may be a label's or one that was removed or proposed: nothing tells, so that nothing can " +
  "sway you. Other labels are thin. With the whole window (f) FiftyOne's grid does not tell " +
  "either. Your answer changes no label: where it is another one, somebody settles that later.";

export function OpinionScreen({ info, onBack }: { info: OpinionInfo; onBack: () => void }) {
  const { key, iteration } = useSession();
  const { run } = key;
  const { id: opinion, number, to } = info;
  const original = React.useCallback(
    (place: number) => ask("opinion_original", { run, opinion, place }),
    [run, opinion],
  );
  const words = {
    region: "Second opinion",
    title: (
      <>
        <span>Second opinion {number}, for</span> <Name>{to}</Name>
      </>
    ),
    waiting: "Fetching what was asked …",
    done: "Everything is answered",
    leave: "See the agreement",
  };
  const shared = { info: asAudit(info), words, original, onLeave: onBack };
  const ways = useOpinionWays<SampleVerdict>(opinion);
  const tagWays = useOpinionWays<TagVerdict>(opinion);
  const outlineWays = useOutlineOpinionWays(opinion);
  if (iteration.tags) return <JudgeTags {...shared} ways={tagWays} note={TAGS} />;
  return iteration.objects ? (
    <JudgeOutlines {...shared} ways={outlineWays} adjustable={false} note={OUTLINES} />
  ) : (
    <JudgeSamples {...shared} ways={ways} note={SAMPLES} />
  );
}
