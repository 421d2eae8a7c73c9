// The slider for the size of pictures.
import { Slider } from "@mui/material";
import * as React from "react";
import { LARGEST, SMALLEST, SMALLEST_ON_MAP, useGridSize, useMapSize } from "./sizes";

const WHEEL = "Also Ctrl and the mouse wheel";

interface Props {
  size: number;
  onSize: (size: number) => void;
  /** The least one, where smaller pictures are of use. */
  least?: number;
  /** What else changes it. */
  tip?: string;
  /** Beside the slider. */
  children?: React.ReactNode;
}

export function PictureSize({ size, onSize, least = SMALLEST, tip = WHEEL, children }: Props) {
  return (
    <div className="dcf-size">
      <span aria-hidden="true">Size</span>
      <Slider
        size="small"
        min={least}
        max={LARGEST}
        step={4}
        value={Math.min(LARGEST, Math.max(least, size))}
        onChange={(_, value) => onSize(value as number)}
        aria-label="Size of the images"
        getAriaValueText={(value) => `${value} pixels`}
        title={tip}
      />
      {children}
    </div>
  );
}

/** The same for the pictures of a grid, wherever it stands. */
export function GridSize() {
  const [size, setSize] = useGridSize();
  return <PictureSize size={size} onSize={setSize} />;
}

const ZOOMED = "At least so large; zooming in makes them larger and brings more";

/** The same for the map of a cell. */
export function MapSize() {
  const [size, setSize] = useMapSize();
  return <PictureSize size={size} onSize={setSize} least={SMALLEST_ON_MAP} tip={ZOOMED} />;
}
