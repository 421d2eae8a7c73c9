// Whether all pictures of a page are on screen: fetched, decoded and painted.
import * as React from "react";
import { useShown } from "../acts/useShown";
import type { Thumbnails } from "../thumbnails";

/** Waits until an image can be painted without a delay; one that cannot be decoded is not waited for. */
async function decoded(url: string) {
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => {});
}

/** Re-render whenever the thumbnails change; `name` tells one page from another. */
export function useDrawn(rows: readonly number[], name: string, thumbnails: Thumbnails): boolean {
  const there = rows.length > 0 && rows.every((row) => thumbnails.get(row) !== undefined);
  const drawable = there ? `${name} ${rows.join()}` : null;
  const [shown, setShown] = useShown(drawable);
  const latest = React.useRef(rows);
  latest.current = rows;
  React.useEffect(() => {
    if (drawable === null) return;
    let frame = 0;
    let gone = false;
    const urls = new Set(latest.current.flatMap((row) => thumbnails.get(row)?.url ?? []));
    void Promise.all([...urls].map(decoded)).then(() => {
      if (gone) return;
      frame = requestAnimationFrame(() => {
        frame = requestAnimationFrame(() => setShown(drawable));
      });
    });
    return () => {
      gone = true;
      cancelAnimationFrame(frame);
    };
  }, [drawable, thumbnails, setShown]);
  return shown;
}
