// The picture of a place of an audit, in full resolution where it is enlarged: a picture of its own.
import * as React from "react";
import { ask } from "../ask";
import type { AuditItem } from "../events";
import { Drawn } from "../parts/Picture";
import { NoPicture, type Part, Zoomable } from "../parts/Viewer";
import { useSession } from "../session";
import { PREVIEW } from "./useAuditItems";

interface Props extends Part {
  audit: string;
  item: AuditItem;
  alt?: string;
  /** Longest side of the picture that came with the item. */
  preview?: number;
  onShown: () => void;
  tools?: React.ReactNode;
  /** Fetches the picture in full resolution, where it is none of an audit. */
  fetch?: (place: number) => Promise<{ image: string; problem: string }>;
}

export function AuditPicture(props: Props) {
  const { audit, item, onShown, tools, preview = PREVIEW, alt = "The sample to judge" } = props;
  const { start, over, still, quiet, fetch } = props;
  const { run } = useSession().key;
  const { place, image, width, height } = item;
  const original = React.useCallback(async () => {
    const asked = fetch ? fetch(place) : ask("audit_original", { run, audit, place });
    const { image, problem } = await asked;
    return { source: image, problem };
  }, [run, audit, place, fetch]);
  if (!image)
    return (
      <NoPicture tools={tools}>
        <Drawn picture={item} problem={`${item.problem}.`} alt={alt} onShown={onShown} />
      </NoPicture>
    );
  const picture = { image, width, height, alt, original };
  return (
    <Zoomable
      picture={picture}
      preview={preview}
      onShown={onShown}
      tools={tools}
      {...(start && { start })}
      {...(over && { over })}
      {...(still !== undefined && { still })}
      {...(quiet !== undefined && { quiet })}
    />
  );
}
