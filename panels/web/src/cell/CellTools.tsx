// The bar above a cell's images: map or grid, and what the map offers.
import { MenuItem, Select, ToggleButton, ToggleButtonGroup } from "@mui/material";
import * as React from "react";
import type { Features } from "../events";
import { GridSize, MapSize } from "../parts/PictureSize";
import { useSession } from "../session";
import type { CellLayout } from "./useCell";

export type Mode = "map" | "grid" | "pages";

const FEATURES: Record<Features, string> = {
  embedding: "Embedding",
  pixels: "Pixels",
  saliency: "Saliency",
};

interface CellToolsProps {
  mode: Mode;
  onMode: (mode: Mode) => void;
  layout: CellLayout;
  /** The map's own tools. */
  children: React.ReactNode;
}

export function CellTools({ mode, onMode, layout, children }: CellToolsProps) {
  return (
    <div className="dcf-tools">
      <ToggleButtonGroup
        size="small"
        exclusive
        value={mode}
        onChange={(_, value) => value && onMode(value)}
        aria-label="Arrange the images"
      >
        <ToggleButton value="map">Map</ToggleButton>
        <ToggleButton value="grid">Grid</ToggleButton>
        <ToggleButton value="pages" aria-keyshortcuts="b">
          Pages
        </ToggleButton>
      </ToggleButtonGroup>
      {mode === "map" && children}
      <span className="dcf-grow" />
      {mode === "map" ? <MapSize /> : <GridSize />}
      {mode === "map" && (
        <span className="dcf-soft dcf-method" role="status">
          {methodText(layout.method, layout.asking)}
          {layout.note ? ` ${layout.note}` : ""}
        </span>
      )}
    </div>
  );
}

function methodText(method: "umap" | "pca" | null, asking: boolean): string {
  if (method === "umap") return "UMAP";
  if (method === "pca") return asking ? "PCA, UMAP to come …" : "PCA";
  return asking ? "Laying out …" : "";
}

interface FeatureChoiceProps {
  features: Features;
  onFeatures: (features: Features) => void;
}

export function FeatureChoice({ features, onFeatures }: FeatureChoiceProps) {
  const { iteration } = useSession();
  return (
    <Select<Features>
      size="small"
      value={features}
      onChange={(event) => onFeatures(event.target.value as Features)}
      inputProps={{ "aria-label": "Features of the map" }}
      className="dcf-select"
    >
      {(Object.keys(FEATURES) as Features[]).map((name) => (
        <MenuItem key={name} value={name} disabled={name === "saliency" && !iteration.has_model}>
          {FEATURES[name]}
          {name === "saliency" && !iteration.has_model && (
            <span className="dcf-option-hint">this run kept no model</span>
          )}
        </MenuItem>
      ))}
    </Select>
  );
}
