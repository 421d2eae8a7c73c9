// The slider for the size of pictures.
import { Slider } from "@mui/material";
import * as React from "react";
import { LARGEST, SMALLEST, useGridSize } from "./sizes";

interface Props {
  size: number;
  onSize: (size: number) => void;
  /** Beside the slider. */
  children?: React.ReactNode;
}

export function PictureSize({ size, onSize, children }: Props) {
  return (
    <div className="dcf-size">
      <span aria-hidden="true">Size</span>
      <Slider
        size="small"
        min={SMALLEST}
        max={LARGEST}
        step={4}
        value={Math.min(LARGEST, Math.max(SMALLEST, size))}
        onChange={(_, value) => onSize(value as number)}
        aria-label="Size of the images"
        getAriaValueText={(value) => `${value} pixels`}
        title="Also Ctrl and the mouse wheel"
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
