// The pictures to choose from: in a grid that scrolls, or page by page.
import * as React from "react";
import { type GridItem, PictureGrid } from "../parts/PictureGrid";
import type { usePicked } from "../parts/usePicked";
import type { Thumbnails } from "../thumbnails";
import { PageGrid } from "./PageGrid";
import type { Pages } from "./usePages";

interface Props {
  /** Where they are judged page by page. */
  pages: Pages | null;
  picked: ReturnType<typeof usePicked>;
  items: readonly GridItem[];
  thumbnails: Thumbnails;
  version: number;
  label: string;
}

export function Pictures({ pages, picked, items, thumbnails, version, label }: Props) {
  const { focus, setFocus } = picked;
  const shown = { items, thumbnails, version, focus, onFocus: setFocus };
  if (pages) return <PageGrid {...shown} pages={pages} />;
  return (
    <PictureGrid
      {...shown}
      selected={picked.selected}
      label={label}
      onClick={picked.click}
      onRange={(rows) => picked.enclose(rows, true)}
    />
  );
}
