// Thumbnails of one size for as long as a screen is shown.
import * as React from "react";
import { useSession } from "./session";
import { Thumbnails } from "./thumbnails";

export function useThumbnails(edge: number): Thumbnails {
  const { key } = useSession();
  const { run, iteration } = key;
  const thumbnails = React.useMemo(
    () => new Thumbnails({ run, iteration }, edge),
    [run, iteration, edge],
  );
  React.useEffect(() => () => thumbnails.dispose(), [thumbnails]);
  return thumbnails;
}
