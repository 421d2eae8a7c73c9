// What other windows, other people and jobs do meanwhile: asked every few seconds.
import * as React from "react";
import { ask } from "./ask";
import type { Job, PulseReply, RunInfo } from "./events";

const PULSE_MS = 3000;
const WORKING_PULSE_MS = 1000;

interface Options {
  run: RunInfo | undefined;
  /** Jobs that were under way before the first beat. */
  jobs: readonly Job[];
  /** The run has a newer iteration than is known. */
  onNewer: () => void;
  /** What there is has changed. */
  onChange: () => void;
}

export interface Pulse {
  /** The last answer; null before the first beat. */
  pulse: PulseReply | null;
  /** Asks at once. */
  beatNow: () => void;
  /** What was told was about another run. */
  forget: () => void;
}

export function usePulse({ run, jobs, onNewer, onChange }: Options): Pulse {
  const [pulse, setPulse] = React.useState<PulseReply | null>(null);
  const known = {
    run: run?.key ?? "",
    last: run?.iterations.at(-1)?.number ?? 0,
    jobs: (pulse?.jobs ?? jobs).map((job) => job.run),
    problem: run?.problem ?? null,
    onNewer,
    onChange,
  };
  const latest = React.useRef(known);
  latest.current = known;
  const beatRef = React.useRef(() => {});
  const beatNow = React.useCallback(() => beatRef.current(), []);
  React.useEffect(() => {
    let stopped = false;
    let timer = 0;
    let turn = 0;
    const beat = async () => {
      const mine = ++turn;
      let working = latest.current.jobs.length > 0;
      try {
        if (!document.hidden) {
          const reply = await ask("pulse", { run: latest.current.run });
          if (stopped) return;
          working = reply.jobs.length > 0;
          compare(reply, latest.current);
          setPulse(reply);
        }
      } catch {
        // The next beat will tell.
      }
      if (!stopped && mine === turn)
        timer = window.setTimeout(beat, working ? WORKING_PULSE_MS : PULSE_MS);
    };
    timer = window.setTimeout(beat, PULSE_MS);
    beatRef.current = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(beat, 0);
    };
    return () => {
      stopped = true;
      window.clearTimeout(timer);
    };
  }, []);
  const forget = React.useCallback(() => setPulse(null), []);
  return { pulse, beatNow, forget };
}

interface Known {
  last: number;
  jobs: readonly string[];
  problem: RunInfo["problem"];
  onNewer: () => void;
  onChange: () => void;
}

/** Tells of what is other than it was known. */
function compare(reply: PulseReply, known: Known) {
  const running = new Set(reply.jobs.map((job) => job.run));
  const ended = known.jobs.some((run) => !running.has(run));
  const problem = reply.problem !== known.problem;
  if (!ended && !problem && reply.iteration === known.last) return;
  if (reply.iteration > known.last) known.onNewer();
  known.onChange();
}
