// The pictures of a page, as many as there is room for; a click marks those that are an exception.
import { Button } from "@mui/material";
import * as React from "react";
import { plural } from "../format";
import { type GridItem, PictureGrid } from "../parts/PictureGrid";
import type { Thumbnails } from "../thumbnails";
import type { Pages } from "./usePages";

interface Props {
  pages: Pages;
  items: readonly GridItem[];
  thumbnails: Thumbnails;
  version: number;
  focus: number | null;
  onFocus: (row: number) => void;
}

export function PageGrid({ pages, items, thumbnails, version, focus, onFocus }: Props) {
  const place = React.useRef<HTMLDivElement>(null);
  const byRow = React.useMemo(() => new Map(items.map((item) => [item.row, item])), [items]);
  const shown = pages.page.flatMap((row) => byRow.get(row) ?? []);
  const first = shown[0]?.row;
  // The keyboard goes on with the next page where the picture that had it is gone.
  React.useEffect(() => {
    const focus = document.activeElement;
    if (first === undefined || (focus !== document.body && !focus?.matches(".dcf"))) return;
    place.current?.querySelector<HTMLElement>(`[data-row="${first}"]`)?.focus();
  }, [first]);
  return (
    <div ref={place} className="dcf-pagegrid" data-drawn={pages.drawn || undefined}>
      <PictureGrid
        items={shown}
        thumbnails={thumbnails}
        version={version}
        selected={pages.excepted}
        focus={focus}
        label="Images of the page; press those that are exceptions"
        onClick={(row) => pages.mark(row)}
        onRange={pages.markAll}
        onFocus={onFocus}
        onFit={pages.fit}
      />
      {pages.page.length === 0 && pages.left > 0 && (
        <div className="dcf-pages-end" role="status">
          <p>{plural(pages.left, "sample")} left open; all others here are decided.</p>
          <Button size="small" variant="outlined" onClick={pages.showLeft}>
            Show {pages.left === 1 ? "it" : "them"} again
          </Button>
        </div>
      )}
    </div>
  );
}
