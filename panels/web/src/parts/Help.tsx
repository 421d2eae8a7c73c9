// The shortcuts, by screen.

import { Dialog, DialogContent, DialogTitle, IconButton } from "@mui/material";
import * as React from "react";
import { type Scope, SHORTCUTS, type Shortcut, scopesOf, sign, written } from "../shortcuts";
import { Icon } from "./Icon";

const TITLES: [Scope, string][] = [
  ["everywhere", "Everywhere"],
  ["overview", "Overview"],
  ["cell", "Cell"],
  ["queue", "Queue"],
  ["objects", "Queue of objects"],
  ["tags", "Queue of tags"],
  ["images", "Queue of objects, image by image"],
  ["ranking", "Ranking"],
  ["duplicates", "Duplicates"],
  ["map", "Map of the dataset"],
  ["progress", "Progress"],
  ["audit", "Audit"],
  ["outlines", "Audit of objects, beside"],
  ["image", "Enlarged image"],
];

interface Props {
  /** Whose shortcuts come first. */
  screen: Scope;
  onClose: () => void;
}

export function Help({ screen, onClose }: Props) {
  const all: Shortcut[] = Object.values(SHORTCUTS);
  const first = (scope: Scope) => (scope === screen ? 0 : scope === "everywhere" ? 1 : 2);
  const titles = [...TITLES].sort(([a], [b]) => first(a) - first(b));
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
        {titles.map(([scope, title]) => (
          <section key={scope}>
            <h3>{title}</h3>
            <dl>
              {all
                .filter((shortcut) => scopesOf(shortcut).includes(scope))
                .map((shortcut) => (
                  <div key={shortcut.does}>
                    <dt>
                      {shortcut.keys.map((key) => (
                        <kbd key={key} title={written(key)}>
                          {sign(key)}
                        </kbd>
                      ))}
                    </dt>
                    <dd>{shortcut.does}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <p>
          On a map the wheel zooms, and dragging draws a lasso or moves the map, as chosen above it.
          Shift adds to the selection, Space held down moves the map.
        </p>
      </DialogContent>
    </Dialog>
  );
}
