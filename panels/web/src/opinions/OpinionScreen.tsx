// Samples that somebody is asked about, judged blind.
import * as React from "react";
import { ask } from "../ask";
import type { OpinionInfo } from "../events";
import { JudgeSamples } from "../progress/JudgeSamples";
import { useSession } from "../session";
import { asAudit, useOpinionWays } from "./ways";

export function OpinionScreen({ info, onBack }: { info: OpinionInfo; onBack: () => void }) {
  const { run } = useSession().key;
  const { id: opinion, number, to } = info;
  const original = React.useCallback(
    (place: number) => ask("opinion_original", { run, opinion, place }),
    [run, opinion],
  );
  const words = {
    region: "Second opinion",
    title: (
      <>
        <span>Second opinion {number}, for</span> <bdi>{to}</bdi>
      </>
    ),
    waiting: "Fetching what was asked …",
    done: "Everything is answered",
    leave: "See the agreement",
  };
  return (
    <JudgeSamples
      info={asAudit(info)}
      ways={useOpinionWays(opinion)}
      words={words}
      original={original}
      note="Neither the label nor a prediction nor what somebody else said is shown, so that they cannot sway you; with the whole window (f) FiftyOne's grid does not tell them either. Your answer changes no label: where it is another one, somebody settles that later."
      onLeave={onBack}
    />
  );
}
