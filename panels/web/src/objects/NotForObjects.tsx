// What is said in place of a screen that objects or tags do not have yet.
import { Button } from "@mui/material";
import * as React from "react";
import { Icon } from "../parts/Icon";
import type { Screen } from "../screens";
import { useNoun } from "./names";

type Name = Screen["name"];

/** The screens that runs on objects and tags have. */
export const FOR_OBJECTS: ReadonlySet<Name> = new Set<Name>([
  "overview",
  "cell",
  "queue",
  "ranking",
]);

const WHAT: Partial<Record<Name, (things: string) => string>> = {
  duplicates: (things) => `Near-duplicates are not looked for among ${things} yet.`,
  map: (things) => `There is no map of ${things} yet.`,
  progress: (things) =>
    `Audits, iterations side by side and the report do not count ${things} yet.`,
};

interface Props {
  screen: Name;
  onBack: () => void;
}

export function NotForObjects({ screen, onBack }: Props) {
  const things = `${useNoun()}s`;
  return (
    <div className="dcf-screen" role="status">
      <Icon name="search" className="dcf-screen-icon" />
      <h3>Not for {things} yet</h3>
      <p>{WHAT[screen]?.(things)}</p>
      <div className="dcf-screen-buttons">
        <Button variant="contained" onClick={onBack}>
          Back to the overview
        </Button>
      </div>
    </div>
  );
}
