// Asks the Python side: one promise an event, an error always a Problem.
import { executeOperator } from "@fiftyone/operators";
import type { EventName, Events, Problem } from "./events";
import { Turns } from "./turns";

/** What FiftyOne calls one of the plugin's operators or panels. */
export const uriOf = (name: string) => `@deconfuse/label-errors/${name}`;

const PANEL = uriOf("label_errors");

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return { kind: "unexpected", message: String(error), detail: "" };
}

export type Ask = <N extends EventName>(
  name: N,
  request: Events[N]["request"],
) => Promise<Events[N]["reply"]>;

const turns = new Turns();

export const ask: Ask = (name, request) => turns.take(name, () => send(name, request));

const send: Ask = (name, request) =>
  new Promise((resolve, reject) => {
    const callback = ({ result, error, errorMessage }: OperatorReply) => {
      const problem = problemOf(result, error, errorMessage);
      if (problem) reject(new ProblemError(problem));
      else resolve(result as never);
      // The App would throw whatever else is returned here into its error boundary.
      return false;
    };
    executeOperator(
      `${PANEL}#${name}`,
      { request },
      { callback, skipErrorNotification: true },
    ).catch(reject);
  });

/** Starts one of the plugin's operators; resolves when it has ended. */
export const launch = (operator: string, params: Record<string, unknown>) =>
  new Promise<void>((resolve, reject) => {
    const callback = ({ error, errorMessage }: OperatorReply) => {
      if (error) reject(new ProblemError(unexpected(error, errorMessage)));
      else resolve();
      return false;
    };
    executeOperator(uriOf(operator), params, {
      callback,
      skipErrorNotification: true,
    }).catch(reject);
  });

interface OperatorReply {
  result?: unknown;
  error?: unknown;
  errorMessage?: string;
}

export function problemOf(result: unknown, error: unknown, message?: string): Problem | null {
  const answered = (result as { error?: Problem } | undefined)?.error;
  if (answered) return answered;
  if (!error && result !== undefined && result !== null) return null;
  return unexpected(error, message);
}

function unexpected(error: unknown, message?: string): Problem {
  // FiftyOne hands over an operator's traceback; its last line names the kind of error.
  if (message && /\bInputError: /.test(String(error)))
    return { kind: "input", message, detail: "" };
  return {
    kind: "unexpected",
    message: message || "The App's server did not answer.",
    detail: error ? String(error) : "",
  };
}
