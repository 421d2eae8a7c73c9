// What stands under a crop: the classes, and what is wrong where one of them is nothing.

import { fixed } from "../format";
import { type GridItem, saidOf } from "../parts/PictureGrid";
import { type Names, NO_LABEL, NOTHING_THERE } from "./names";

/** `error` says what is likely wrong where label and prediction do not. */
export function captionOf(
  names: Names,
  label: number,
  prediction: number,
  suspicion: number,
  error = "",
): NonNullable<GridItem["caption"]> {
  const value = fixed(suspicion, 1);
  const alone = (label: string, what: string) => ({ label, prediction: null, what, value });
  if (label === prediction) return alone(names.label(label), error);
  if (label === names.nothing) return alone(names.prediction(prediction), NO_LABEL);
  if (prediction === names.nothing) return alone(names.label(label), NOTHING_THERE);
  return { label: names.label(label), prediction: names.prediction(prediction), value };
}

/** The same to be read aloud, in the words that stand there. */
export function namedBy(
  caption: NonNullable<GridItem["caption"]>,
  thing: string,
  place: number,
): string {
  const { label, prediction } = caption;
  const names = prediction === null ? label : `${label} → ${prediction}`;
  return `${names} ${saidOf(caption)}, ${thing} ${place}`;
}
