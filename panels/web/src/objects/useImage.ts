// The objects of an image in full, with its picture; those of the next images are loaded ahead.
import * as React from "react";
import { ask } from "../ask";
import type { ImageSuspects, ObjectInfo } from "../events";
import { useSession } from "../session";

const KEPT = 12;

interface Known {
  rows: string;
  objects: ObjectInfo[];
  /** The session's when it was asked for. */
  stamp: number;
}

/**
 * The objects of an image; null while they are on their way.
 *
 * After a decision of anybody they are asked for again, and shown as they were until the answer is
 * there. `onGone` is told the image whose sample is no longer in the dataset.
 */
export function useImage(
  image: ImageSuspects | null,
  next: readonly ImageSuspects[],
  size: number,
  onGone: (row: number) => void,
): ObjectInfo[] | null {
  const { key, stamp } = useSession();
  const known = React.useRef(new Map<number, Known>());
  const waiting = React.useRef(new Map<number, string>());
  const [, redraw] = React.useReducer((n: number) => n + 1, 0);
  const tell = React.useRef(onGone);
  tell.current = onGone;
  const text = JSON.stringify(image ? [image, ...next] : []);
  React.useEffect(() => {
    const wanted: ImageSuspects[] = JSON.parse(text);
    for (const { row, rows } of wanted) {
      const mine = `${stamp} ${rows.join()}`;
      const had = known.current.get(row);
      if (waiting.current.get(row) === mine) continue;
      if (had && had.stamp >= stamp && had.rows === rows.join()) continue;
      waiting.current.set(row, mine);
      ask("objects", { ...key, rows, size, shared: true })
        .then(({ objects }) => {
          if (waiting.current.get(row) !== mine) return;
          known.current.delete(row);
          known.current.set(row, { rows: rows.join(), objects: withPicture(objects), stamp });
          if (objects[0]?.image) new Image().src = objects[0].image;
          else if (!objects.length) tell.current(row);
          for (const old of [...known.current.keys()].slice(0, -KEPT)) known.current.delete(old);
          redraw();
        })
        .catch(() => {})
        .finally(() => {
          if (waiting.current.get(row) === mine) waiting.current.delete(row);
        });
    }
  }, [text, stamp, key, size]);
  const found = image && known.current.get(image.row);
  return found?.objects.length ? found.objects : null;
}

/** Each object with the picture that came with the first one. */
function withPicture(objects: ObjectInfo[]): ObjectInfo[] {
  const image = objects.find((object) => object.image)?.image ?? "";
  return objects.map((object) => ({ ...object, image }));
}
