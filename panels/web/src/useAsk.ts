// What the Python side answers for as long as it is asked the same: asked anew when that changes.
import * as React from "react";
import { ask, asProblem } from "./ask";
import type { EventName, Events, Problem } from "./events";

export interface Answer<T> {
  /** The last answer; it stays while the next one is on its way, and where that fails. */
  reply: T | null;
  /** Why the last question was not answered. */
  problem: Problem | null;
  retry: () => void;
}

interface Options {
  /** Waits so long, in ms, before it asks: a flurry of changes asks once. */
  after?: number;
}

/**
 * What `work` makes of the last answer, done anew whenever the text `asked` is another one.
 *
 * An answer that comes after the next question is dropped: its signal is aborted by then.
 * Nothing is asked while `asked` is null.
 */
export function useAnswer<T>(
  asked: string | null,
  work: (last: T | null, signal: AbortSignal) => Promise<T>,
  { after }: Options = {},
): Answer<T> {
  const [reply, setReply] = React.useState<T | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [turn, retry] = React.useReducer((n: number) => n + 1, 0);
  const last = React.useRef<T | null>(null);
  const latest = React.useRef(work);
  latest.current = work;
  const question = asked === null ? null : `${turn} ${asked}`;
  React.useEffect(() => {
    if (question === null) return;
    const controller = new AbortController();
    const { signal } = controller;
    const start = () =>
      latest.current(last.current, signal).then(
        (answer) => {
          if (signal.aborted) return;
          last.current = answer;
          setReply(answer);
          setProblem(null);
        },
        (error) => {
          if (!signal.aborted) setProblem(asProblem(error));
        },
      );
    if (after === undefined) void start();
    const timer = after === undefined ? undefined : window.setTimeout(start, after);
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, [question, after]);
  return { reply, problem, retry };
}

/**
 * The answer to an event.
 *
 * It is asked anew when the request is another one, or anything of `because`: what the answer
 * rests on but is not told, such as the App's view, the journal's revision, what was worked out.
 */
export function useAsk<N extends EventName>(
  name: N,
  request: Events[N]["request"] | null,
  because: readonly unknown[] = [],
  options: Options = {},
): Answer<Events[N]["reply"]> {
  return useAnswer<Events[N]["reply"]>(
    request && questionOf(name, request, because),
    () => ask(name, request as Events[N]["request"]),
    options,
  );
}

/** What `useAnswer` is asked for an event. */
export const questionOf = <N extends EventName>(
  name: N,
  request: Partial<Events[N]["request"]>,
  because: readonly unknown[],
) => JSON.stringify([name, request, because]);
