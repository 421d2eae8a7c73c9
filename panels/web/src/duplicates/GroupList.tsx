// The groups, one below the other: leaks first, then label conflicts, then the most alike.
import { useVirtualizer } from "@tanstack/react-virtual";
import * as React from "react";
import type { DuplicateGroup } from "../events";
import { fixed } from "../format";
import { useNoun } from "../objects/names";
import { TilePicture } from "../parts/PictureGrid";
import type { Thumbnails } from "../thumbnails";
import { describe } from "./groups";

const HEIGHT = 74;
const PICTURES = 3;
const EARLY = 10;

interface Props {
  list: readonly DuplicateGroup[];
  matching: number;
  at: number;
  thumbnails: Thumbnails;
  onPick: (at: number) => void;
  onMore: () => void;
}

export function GroupList({ list, matching, at, thumbnails, onPick, onMore }: Props) {
  const boxed = useNoun() === "object";
  const scroller = React.useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: list.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    overscan: 4,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  React.useEffect(() => {
    if (last + EARLY >= list.length && list.length < matching) onMore();
  }, [last, list.length, matching, onMore]);
  React.useEffect(() => {
    if (list.length) virtual.scrollToIndex(Math.min(at, list.length - 1));
  }, [at, list.length, virtual]);
  return (
    <div ref={scroller} className="dcf-groups">
      <div
        role="listbox"
        aria-label={boxed ? "Labels on one object" : "Groups of near-duplicates"}
        tabIndex={0}
        aria-activedescendant={list[at] ? `dcf-group-${list[at].id}` : undefined}
        style={{ height: virtual.getTotalSize(), position: "relative" }}
      >
        {items.map(({ index, start }) => {
          const group = list[index];
          if (!group) return null;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list's arrow keys do it
            // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
            <div
              key={group.id}
              id={`dcf-group-${group.id}`}
              role="option"
              aria-selected={index === at}
              className="dcf-group"
              style={{ transform: `translateY(${start}px)`, height: HEIGHT }}
              onClick={() => onPick(index)}
            >
              <span className="dcf-sr">{describe(group, boxed)}</span>
              <span className="dcf-group-pictures" aria-hidden="true">
                {group.rows.slice(0, PICTURES).map((row) => (
                  <TilePicture key={row} tile={thumbnails.get(row)} side={38} />
                ))}
                {group.members > PICTURES && <span>+{group.members - PICTURES}</span>}
              </span>
              <span className="dcf-group-text" aria-hidden="true">
                {group.leak && <span className="dcf-badge dcf-badge-leak">leak</span>}
                {group.conflict && (
                  <span className="dcf-badge dcf-badge-conflict">
                    {boxed ? "classes" : "labels"}
                  </span>
                )}
                <span className="dcf-soft">
                  {group.exact && !boxed ? "exact" : fixed(group.ses, 3)}
                </span>
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
