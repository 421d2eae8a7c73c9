// What every queue stands in: its head, what is said where nothing is left, and what became of the last act.
import * as React from "react";
import { useNoun } from "../objects/names";
import { Outcome } from "../parts/Outcome";
import { Problem } from "../parts/Problem";
import { Recent } from "../parts/Recent";
import { Bar } from "./Bar";
import { End } from "./End";
import type { Through, useLine } from "./useLine";

/** What a queue goes through, and its ways out. */
export interface QueueProps extends Through {
  onBack: () => void;
  onEverything: () => void;
  /** Beside what it goes through. */
  tools?: React.ReactNode;
}

interface Props extends QueueProps {
  queue: Pick<
    ReturnType<typeof useLine>,
    "line" | "row" | "problem" | "retry" | "bring" | "restart"
  >;
  /** What it counts, where that is not what the iteration does. */
  noun?: string;
  /** What is in front, and what can be done with it. */
  children: React.ReactNode;
}

export function QueueFrame({ queue, children, ...props }: Props) {
  const { cell, ranking, onBack, onEverything, tools } = props;
  const { line, row, problem } = queue;
  const usual = useNoun();
  const noun = props.noun ?? usual;
  if (problem && !line) return <Problem problem={problem} onRetry={queue.retry} onBack={onBack} />;
  return (
    <section className="dcf-queue" aria-label="Queue">
      <Bar
        cell={cell}
        ranking={ranking}
        line={line}
        noun={noun}
        tools={tools}
        onBack={onBack}
        onBring={queue.bring}
        onEverything={onEverything}
      />
      {problem && (
        <p className="dcf-inline-problem" role="alert">
          {problem.message}
        </p>
      )}
      {line && row === null && line.left === 0 ? (
        <End
          line={line}
          noun={noun}
          to={ranking ? "the ranking" : "the overview"}
          onBack={onBack}
          onBring={queue.bring}
          onAgain={queue.restart}
        />
      ) : (
        <div className="dcf-queuebody">{children}</div>
      )}
      <Outcome />
      <Recent />
    </section>
  );
}
