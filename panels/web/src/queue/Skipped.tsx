// The samples that were passed over, to be looked at and taken up again.
import { Popover } from "@mui/material";
import * as React from "react";
import { count, plural } from "../format";
import { TilePicture } from "../parts/PictureGrid";
import { useThumbnails } from "../useThumbnails";

const EDGE = 128;
const SIDE = 80;
const MOST = 200;

interface Props {
  rows: readonly number[];
  /** What each of them is. */
  noun: string;
  onPick: (row: number) => void;
}

export function Skipped({ rows, noun, onPick }: Props) {
  const thumbnails = useThumbnails(EDGE);
  React.useSyncExternalStore(thumbnails.subscribe, thumbnails.snapshot);
  const shown = rows.slice(0, MOST);
  const key = shown.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: key stands for shown
  React.useEffect(() => thumbnails.want(shown), [thumbnails, key]);
  return (
    <>
      <ul className="dcf-skipped" aria-label={`Skipped ${noun}s`}>
        {shown.map((row, at) => (
          <li key={row}>
            <button
              type="button"
              aria-label={`Go to skipped ${noun} ${at + 1}`}
              onClick={() => onPick(row)}
            >
              <TilePicture
                tile={thumbnails.get(row)}
                side={SIDE}
                deleted={thumbnails.deleted.has(row)}
              />
            </button>
          </li>
        ))}
      </ul>
      {rows.length > MOST && <p className="dcf-note">and {count(rows.length - MOST)} more</p>}
    </>
  );
}

interface ListProps extends Props {
  anchor: HTMLElement | null;
  onClose: () => void;
}

/** The same on top of the queue. */
export function SkippedList({ anchor, rows, noun, onPick, onClose }: ListProps) {
  if (!anchor) return null;
  return (
    <Popover
      open
      anchorEl={anchor}
      anchorOrigin={{ vertical: "bottom", horizontal: "left" }}
      transitionDuration={0}
      onClose={onClose}
      slotProps={{
        paper: { className: "dcf-popover", role: "dialog", "aria-label": "Skipped" } as object,
      }}
    >
      <p className="dcf-note">{plural(rows.length, noun)} skipped, the first one first</p>
      <Skipped
        rows={rows}
        noun={noun}
        onPick={(row) => {
          onClose();
          onPick(row);
        }}
      />
    </Popover>
  );
}
