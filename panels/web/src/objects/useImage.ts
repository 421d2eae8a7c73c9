// The objects of an image in full, with its picture; those of the next images are loaded ahead.
import * as React from "react";
import { isFresh } from "../answers";
import { ask } from "../ask";
import type { ImageSuspects, ObjectInfo } from "../events";
import { useSession } from "../session";

const KEPT = 12;

interface Asked {
  rows: string;
  /** The session's stamp, and how much it had answered, when it was asked for. */
  stamp: number;
  count: number;
}

interface Known extends Asked {
  objects: readonly ObjectInfo[];
}

interface Found {
  objects: readonly ObjectInfo[];
  fresh: boolean;
}

const NONE: readonly ObjectInfo[] = [];

/**
 * The objects of an image; none while they are on their way.
 *
 * After a decision of anybody they are asked for again, and shown as they were until the answer is
 * there; they are not `fresh` while that decision is one on the chosen object, made or taken back
 * here. `onGone` is told the image whose sample is no longer in the dataset.
 */
export function useImage(
  image: ImageSuspects | null,
  chosen: number | null,
  next: readonly ImageSuspects[],
  size: number,
  onGone: (row: number) => void,
): Found {
  const { key, stamp, answers } = useSession();
  const known = React.useRef(new Map<number, Known>());
  const waiting = React.useRef(new Map<number, Asked>());
  const [, redraw] = React.useReducer((n: number) => n + 1, 0);
  const tell = React.useRef(onGone);
  tell.current = onGone;
  const text = JSON.stringify(image ? [image, ...next] : []);
  const front = image?.row ?? null;
  React.useEffect(() => {
    const tells = ({ count }: Asked, row: number | null) =>
      row === null || isFresh(answers, row, count);
    const wanted: ImageSuspects[] = JSON.parse(text);
    for (const { row, rows } of wanted) {
      const mine: Asked = { rows: rows.join(), stamp, count: answers.count };
      const had = waiting.current.get(row) ?? known.current.get(row);
      const about = row === front ? chosen : null;
      if (had && had.stamp >= stamp && had.rows === mine.rows && tells(had, about)) continue;
      waiting.current.set(row, mine);
      ask("objects", { ...key, rows, size, shared: true })
        .then(({ objects }) => {
          if (waiting.current.get(row) !== mine) return;
          known.current.delete(row);
          known.current.set(row, { ...mine, objects: withPicture(objects) });
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
  }, [text, front, chosen, stamp, answers, key, size]);
  const found = front === null ? undefined : known.current.get(front);
  return {
    objects: found?.objects.length ? found.objects : NONE,
    fresh: found !== undefined && (chosen === null || isFresh(answers, chosen, found.count)),
  };
}

/** Each object with the picture that came with the first one. */
function withPicture(objects: ObjectInfo[]): ObjectInfo[] {
  const image = objects.find((object) => object.image)?.image ?? "";
  return objects.map((object) => ({ ...object, image }));
}
