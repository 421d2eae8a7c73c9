// Objects of an audit, judged blind: an outline that may be anything's, or a whole image.
import * as React from "react";
import type { AuditInfo } from "../events";
import { useSession } from "../session";
import { JudgeOutlines } from "./JudgeOutlines";
import { useOutlineWays } from "./outlines";

export function ObjectAuditScreen({ info, onBack }: { info: AuditInfo; onBack: () => void }) {
  const { refresh } = useSession();
  return (
    <JudgeOutlines
      info={info}
      ways={useOutlineWays(info)}
      adjustable
      onLeave={() => {
        void refresh();
        onBack();
      }}
    />
  );
}
