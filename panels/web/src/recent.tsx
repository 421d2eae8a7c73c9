// The last decisions that stand, asked for after each of them; and a picture of each that was seen.
import * as React from "react";
import type { Decided, Sheet } from "./events";
import type { SheetTile as Picture } from "./parts/PictureGrid";
import { useSession } from "./session";
import { useAsk } from "./useAsk";

export interface Recent {
  decisions: readonly Decided[];
  pictureOf: (decision: string) => Picture | null | undefined;
}

const PICTURES_KEPT = 60;
const NONE: Recent = { decisions: [], pictureOf: () => undefined };
const RecentContext = React.createContext<Recent>(NONE);

export const useRecent = () => React.useContext(RecentContext);

/** The places of a sheet as pictures; null for those that cannot be read. */
export function picturesOf(sheet: Sheet): (Picture | null)[] {
  const { image, columns, edge } = sheet;
  const rows = Math.ceil(sheet.rows.length / columns);
  return sheet.rows.map((_, at) => {
    const [width, height] = [sheet.widths[at] ?? 0, sheet.heights[at] ?? 0];
    const [x, y] = [(at % columns) * edge, Math.floor(at / columns) * edge];
    return width > 0 ? { url: image, columns, rows, edge, x, y, width, height } : null;
  });
}

export function RecentProvider({ children }: { children: React.ReactNode }) {
  const { key, revision } = useSession();
  const { reply } = useAsk("recent", key, [revision]);
  const pictures = React.useRef(new Map<string, Picture | null>());
  const decisions = reply?.decisions ?? NONE.decisions;
  React.useMemo(() => {
    const shown = reply?.sheet ? picturesOf(reply.sheet) : [];
    const known = pictures.current;
    reply?.decisions.forEach(({ decision }, at) => {
      // What was taken back is named by its picture as well.
      if (!known.has(decision)) known.set(decision, shown[at] ?? null);
    });
    for (const old of [...known.keys()].slice(0, -PICTURES_KEPT)) known.delete(old);
  }, [reply]);
  const recent = React.useMemo<Recent>(
    () => ({ decisions, pictureOf: (decision) => pictures.current.get(decision) }),
    [decisions],
  );
  return <RecentContext.Provider value={recent}>{children}</RecentContext.Provider>;
}
