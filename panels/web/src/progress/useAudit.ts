// The last audit, what it says of the errors left, and the distance to the target.
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { AuditReply, Problem } from "../events";
import { useSession } from "../session";

export interface Audit {
  reply: AuditReply | null;
  problem: Problem | null;
  busy: boolean;
  retry: () => void;
  draw: (size: number) => Promise<boolean>;
  close: () => Promise<boolean>;
  aim: (share: number, confidence: number) => Promise<boolean>;
}

export function useAudit(): Audit {
  const { key, overview } = useSession();
  const [reply, setReply] = React.useState<AuditReply | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [busy, setBusy] = React.useState(false);
  const take = React.useCallback(async (work: () => Promise<AuditReply>) => {
    setBusy(true);
    try {
      setReply(await work());
      setProblem(null);
      return true;
    } catch (error) {
      setProblem(asProblem(error));
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  const load = React.useCallback(
    () => take(() => ask("audit", { run: key.run, audit: null })),
    [take, key.run],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a decision of anybody changes what is left
  React.useEffect(() => {
    void load();
  }, [load, overview.revision]);
  return {
    reply,
    problem,
    busy,
    retry: () => void load(),
    draw: (size) => take(() => ask("audit_draw", { ...key, size })),
    close: () => take(() => ask("audit_close", { run: key.run, audit: null })),
    aim: (share, confidence) => take(() => ask("set_target", { run: key.run, share, confidence })),
  };
}
