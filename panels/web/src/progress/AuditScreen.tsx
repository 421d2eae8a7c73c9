// Samples of an audit, judged blind.
import * as React from "react";
import type { AuditInfo } from "../events";
import { useSession } from "../session";
import { JudgeSamples } from "./JudgeSamples";
import { useSampleWays } from "./useAuditItems";

export function AuditScreen({ info, onBack }: { info: AuditInfo; onBack: () => void }) {
  const { refresh } = useSession();
  const leave = () => {
    void refresh();
    onBack();
  };
  return (
    <JudgeSamples
      info={info}
      ways={useSampleWays(info)}
      note="The sample's label and the prediction are hidden, so that they cannot sway you; with the whole window (f) FiftyOne's grid does not tell them either. Your verdict is a decision like any other."
      onLeave={leave}
    />
  );
}
