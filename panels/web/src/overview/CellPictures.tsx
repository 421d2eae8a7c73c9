// The most suspicious pictures of a cell.
import * as React from "react";
import { TilePicture } from "../parts/PictureGrid";
import type { Thumbnails } from "../thumbnails";

interface Props {
  rows: readonly number[];
  thumbnails: Thumbnails;
  side: number;
}

export const CellPictures = React.memo(function CellPictures({ rows, thumbnails, side }: Props) {
  // Drawn anew only when one of its own has come.
  const there = () => rows.filter((row) => thumbnails.get(row) !== undefined).length;
  React.useSyncExternalStore(thumbnails.subscribe, there);
  return (
    <span className="dcf-cell-pictures" aria-hidden="true">
      {rows.map((row) => (
        <span key={row} style={{ width: side, height: side }}>
          <TilePicture
            tile={thumbnails.get(row)}
            side={side}
            deleted={thumbnails.deleted.has(row)}
          />
        </span>
      ))}
    </span>
  );
});
