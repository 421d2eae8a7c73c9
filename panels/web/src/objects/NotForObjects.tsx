// What is said in place of a screen that objects or tags do not have yet.
import { Button } from "@mui/material";
import * as React from "react";
import { Icon } from "../parts/Icon";
import type { Screen } from "../screens";
import { type Thing, useNoun } from "./names";

type Name = Screen["name"];

/** The screens that runs on objects have, and those that runs on tags have. */
const FOR_OBJECTS: readonly Name[] = [
  "overview",
  "cell",
  "queue",
  "ranking",
  "duplicates",
  "progress",
];
const FOR_TAGS: readonly Name[] = ["overview", "cell", "queue", "ranking", "progress"];

/** Whether a run on some things has a screen. */
export function hasScreen(thing: Thing, name: Name): boolean {
  return thing === "sample" || (thing === "tag" ? FOR_TAGS : FOR_OBJECTS).includes(name);
}

const WHAT: Partial<Record<Name, (things: string) => string>> = {
  duplicates: (things) => `Near-duplicates are not looked for among ${things} yet.`,
  map: (things) => `There is no map of ${things} yet.`,
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
