// One sample over the whole panel, to be looked at closely; nothing is decided here.
import { IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import { useShortcuts } from "../shortcuts";
import { Icon } from "./Icon";

interface Props {
  title: React.ReactNode;
  onClose: () => void;
  children: React.ReactNode;
}

export function Enlarged({ title, onClose, children }: Props) {
  const nothing = () => {};
  useShortcuts({
    closeEnlarged: onClose,
    // What lies below is about what is selected, which cannot be seen from here.
    confirm: nothing,
    accept: nothing,
    relabel: nothing,
    remove: nothing,
    tag: nothing,
    all: nothing,
    layout: nothing,
    view: nothing,
    fit: nothing,
    mapOutstanding: nothing,
    rankingReview: nothing,
  });
  return (
    <section className="dcf-enlarged" aria-label="Enlarged image">
      <header className="dcf-bar dcf-cellbar">
        <Tooltip title="Back (Esc)">
          <IconButton size="small" aria-label="Close the enlarged image" onClick={onClose}>
            <Icon name="back" />
          </IconButton>
        </Tooltip>
        <h2 className="dcf-title">{title}</h2>
      </header>
      <div className="dcf-enlarged-body">{children}</div>
    </section>
  );
}
