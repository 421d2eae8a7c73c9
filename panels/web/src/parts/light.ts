// Brightness and contrast of enlarged pictures, kept for each dataset.
import { isNumber, isObject, useKept } from "../kept";

export interface Light {
  brightness: number;
  contrast: number;
}

export const AS_IT_IS: Light = { brightness: 1, contrast: 1 };
const [LEAST, MOST] = [0.2, 8];
/** Pixels of a drag that make it 2.7 times as bright. */
const DRAG = 160;

const isFactor = (value: unknown): value is number =>
  isNumber(value) && value >= LEAST && value <= MOST;
export const isLight = (value: unknown): value is Light =>
  isObject(value) && isFactor(value.brightness) && isFactor(value.contrast);

/** After a drag: to the right is more contrast, upwards is brighter. */
export function dragged({ brightness, contrast }: Light, dx: number, dy: number): Light {
  const change = (factor: number, by: number) =>
    Math.min(MOST, Math.max(LEAST, factor * Math.exp(by / DRAG)));
  return { brightness: change(brightness, -dy), contrast: change(contrast, dx) };
}

export const isChanged = ({ brightness, contrast }: Light) => brightness !== 1 || contrast !== 1;

/** What CSS makes of it. */
export const filterOf = (light: Light) =>
  isChanged(light)
    ? `brightness(${light.brightness.toFixed(3)}) contrast(${light.contrast.toFixed(3)})`
    : undefined;

export const useLight = () => useKept<Light>("light", AS_IT_IS, isLight);
