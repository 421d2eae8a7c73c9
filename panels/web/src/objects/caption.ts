// What stands under a crop: the classes, and what is wrong where one of them is nothing.
import type { GridItem } from "../parts/PictureGrid";
import { type Names, NO_LABEL, NOTHING_THERE } from "./names";

/** `error` says what is likely wrong where label and prediction do not. */
export function captionOf(
  names: Names,
  label: number,
  prediction: number,
  suspicion: number,
  error = "",
): NonNullable<GridItem["caption"]> {
  const value = suspicion.toFixed(1);
  const with_ = (what: string) => (what ? `${what} · ${value}` : value);
  if (label === prediction)
    return { label: names.label(label), prediction: null, value: with_(error) };
  if (label === names.nothing)
    return { label: names.prediction(prediction), prediction: null, value: with_(NO_LABEL) };
  if (prediction === names.nothing)
    return { label: names.label(label), prediction: null, value: with_(NOTHING_THERE) };
  return { label: names.label(label), prediction: names.prediction(prediction), value };
}

/** The same to be read aloud, in the words that stand there. */
export function namedBy(
  caption: NonNullable<GridItem["caption"]>,
  thing: string,
  place: number,
): string {
  const { label, prediction, value } = caption;
  const what = prediction === null ? label : `${label} → ${prediction}`;
  return `${what} ${value}, ${thing} ${place}`;
}
