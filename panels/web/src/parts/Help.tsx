// The shortcuts, by screen.

import { Dialog, DialogContent, DialogTitle, IconButton } from "@mui/material";
import * as React from "react";
import { type Scope, SHORTCUTS, type Shortcut, scopesOf, written } from "../shortcuts";
import { Icon } from "./Icon";

const TITLES: [Scope, string][] = [
  ["everywhere", "Everywhere"],
  ["overview", "Overview"],
  ["cell", "Cell"],
  ["queue", "Queue"],
  ["ranking", "Ranking"],
  ["duplicates", "Duplicates"],
  ["map", "Map of the dataset"],
  ["progress", "Progress"],
  ["audit", "Audit"],
  ["picture", "Enlarged picture"],
];

export function Help({ onClose }: { onClose: () => void }) {
  const all: Shortcut[] = Object.values(SHORTCUTS);
  return (
    <Dialog
      open
      onClose={onClose}
      maxWidth="md"
      aria-labelledby="dcf-help-title"
      onKeyDown={(event) => {
        if (event.key === "?") onClose();
      }}
    >
      <DialogTitle id="dcf-help-title" sx={{ display: "flex", justifyContent: "space-between" }}>
        Keyboard shortcuts
        <IconButton size="small" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </IconButton>
      </DialogTitle>
      <DialogContent className="dcf-help">
        {TITLES.map(([scope, title]) => (
          <section key={scope}>
            <h3>{title}</h3>
            <dl>
              {all
                .filter((shortcut) => scopesOf(shortcut).includes(scope))
                .map((shortcut) => (
                  <div key={shortcut.does}>
                    <dt>
                      {shortcut.keys.map((key) => (
                        <kbd key={key}>{written(key)}</kbd>
                      ))}
                    </dt>
                    <dd>{shortcut.does}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <p>
          In the map: the wheel zooms, dragging draws a lasso or moves the map (as chosen above it),
          Shift adds to the selection, holding Space moves the map.
        </p>
      </DialogContent>
    </Dialog>
  );
}
