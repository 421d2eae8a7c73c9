// One sample over the whole panel, to be looked at closely; nothing is decided here.
import { IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import type { SampleInfo } from "../events";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { CompareButton, Context } from "./Context";
import { Icon } from "./Icon";
import { Viewer } from "./Viewer";

interface Props {
  sample: SampleInfo;
  preview: number;
  onClose: () => void;
}

export function Enlarged({ sample, preview, onClose }: Props) {
  const { classes } = useSession();
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
        <h2 className="dcf-title">
          <span className="dcf-soft">Labelled</span> <bdi>{classes[sample.label]}</bdi>
          <span className="dcf-soft">, predicted</span> <bdi>{classes[sample.prediction]}</bdi>
        </h2>
      </header>
      <div className="dcf-enlarged-body">
        <Viewer sample={sample} preview={preview} tools={<CompareButton />} />
        <Context row={sample.row} />
      </div>
    </section>
  );
}
