// What is said in place of a screen that objects do not have yet.
import { Button } from "@mui/material";
import * as React from "react";
import { Icon } from "../parts/Icon";
import type { Screen } from "../screens";

type Name = Screen["name"];

/** The screens that runs on objects have. */
export const FOR_OBJECTS: ReadonlySet<Name> = new Set<Name>([
  "overview",
  "cell",
  "queue",
  "ranking",
]);

const WHAT: Partial<Record<Name, string>> = {
  duplicates: "Near-duplicates are not looked for among objects yet.",
  map: "There is no map of objects yet.",
  progress: "Audits, iterations side by side and the report do not count objects yet.",
};

interface Props {
  screen: Name;
  onBack: () => void;
}

export function NotForObjects({ screen, onBack }: Props) {
  return (
    <div className="dcf-screen" role="status">
      <Icon name="search" className="dcf-screen-icon" />
      <h3>Not for objects yet</h3>
      <p>{WHAT[screen]}</p>
      <div className="dcf-screen-buttons">
        <Button variant="contained" onClick={onBack}>
          Back to the overview
        </Button>
      </div>
    </div>
  );
}
