// The last audit, what it says of the errors left, and the distance to the target.
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { AuditReply, Problem } from "../events";
import { useSession } from "../session";
import { useAsk } from "../useAsk";

export interface Audit {
  reply: AuditReply | null;
  problem: Problem | null;
  busy: boolean;
  retry: () => void;
  draw: (size: number, images?: number) => Promise<boolean>;
  close: () => Promise<boolean>;
  aim: (share: number, confidence: number) => Promise<boolean>;
}

/** What an act answered, or why it was refused, until the audit is answered anew. */
interface Acted {
  over: AuditReply | null;
  reply: AuditReply | null;
  problem: Problem | null;
}

export function useAudit(): Audit {
  const { key, overview } = useSession();
  // A decision of anybody changes what is left.
  const asked = useAsk("audit", { run: key.run, audit: null }, [overview.revision]);
  const [acted, setActed] = React.useState<Acted | null>(null);
  const [busy, setBusy] = React.useState(false);
  const { reply: latest, retry } = asked;
  const last = React.useRef(latest);
  last.current = latest;
  const now = acted && acted.over === latest ? acted : null;
  const reply = now?.reply ?? latest;
  const take = async (work: () => Promise<AuditReply>) => {
    setBusy(true);
    try {
      const answer = await work();
      setActed({ over: last.current, reply: answer, problem: null });
      // An answer that is on its way does not know of it.
      retry();
      return true;
    } catch (error) {
      setActed({ over: last.current, reply, problem: asProblem(error) });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return {
    reply,
    problem: now?.problem ?? asked.problem,
    busy,
    retry,
    draw: (size, images) =>
      take(() => ask("audit_draw", { ...key, size, ...(images !== undefined && { images }) })),
    close: () => take(() => ask("audit_close", { run: key.run, audit: null })),
    aim: (share, confidence) => take(() => ask("set_target", { run: key.run, share, confidence })),
  };
}
