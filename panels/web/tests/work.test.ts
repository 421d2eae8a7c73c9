import * as React from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Ended, Job } from "../src/events";
import { Works } from "../src/parts/Work";

const job = (run: string) =>
  ({ run, task: "Training", progress: 0.5, label: "", left: null, seconds: 3 }) as Job;
const end = (run: string): Ended => ({
  id: `end of ${run}`,
  run,
  task: "Training",
  variant: "info",
  text: "Training was cancelled",
});
const shown = (jobs: Job[], ended: Ended[]) =>
  renderToStaticMarkup(React.createElement(Works, { jobs, ended, onChange: () => {} }))
    .replace(/<style.*?<\/style>|<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

test("works on several runs say which run they are of, and one alone does not", () => {
  expect(shown([job("one")], [])).not.toContain("one");
  expect(shown([], [end("one")])).not.toContain("one");
  const both = shown([job("two")], [end("one")]);
  expect(both).toContain("two: Training 50");
  expect(both).toContain("one: Training was cancelled");
});

test("what became of the last work on a run goes when there is other work on it", () => {
  expect(shown([job("one")], [end("one")])).not.toContain("cancelled");
});
