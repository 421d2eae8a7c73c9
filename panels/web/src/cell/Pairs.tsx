// The most similar pairs of a cell, the paper's Figure 7.
import * as React from "react";
import { fixed } from "../format";
import { TilePicture } from "../parts/PictureGrid";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";
import { useAsk } from "../useAsk";

/** The cell's own pictures come first, and a flurry of decisions asks once. */
const AFTER_MS = 500;

interface Props {
  label: number;
  prediction: number;
  thumbnails: Thumbnails;
  version: number;
  selected: ReadonlySet<number>;
  onPick: (rows: number[], ids: string[], more: boolean) => void;
}

export function Pairs({ label, prediction, thumbnails, selected, onPick }: Props) {
  const { key, overview } = useSession();
  const request = { ...key, label, prediction, limit: 16 };
  const options = { after: AFTER_MS };
  const { reply, problem } = useAsk("pairs", request, [overview.revision], options);
  React.useEffect(() => {
    if (reply) thumbnails.want(reply.samples.row);
  }, [reply, thumbnails]);
  const ids = React.useMemo(
    () => new Map(reply?.samples.row.map((row, i) => [row, reply.samples.id[i] ?? ""]) ?? []),
    [reply],
  );
  const outside = new Set(reply?.samples.row.filter((_, i) => !reply.samples.in_view[i]));
  if (problem)
    return <p className="dcf-hint">The similar pairs could not be found: {problem.message}</p>;
  if (!reply) return <p className="dcf-hint">Looking for similar pairs …</p>;
  if (!reply.first.length)
    return (
      <p className="dcf-hint">
        No similar pairs in this cell: none has an SSIM of {fixed(reply.least, 2)} or more.
      </p>
    );
  return (
    <ol className="dcf-pairs" aria-label="Most similar pairs">
      {reply.first.map((a, i) => {
        const b = reply.second[i] as number;
        const ses = reply.ses[i] ?? 0;
        const out = outside.has(a) || outside.has(b);
        return (
          <li key={`${a}-${b}`}>
            <button
              type="button"
              className="dcf-pair"
              disabled={out}
              aria-pressed={selected.has(a) && selected.has(b)}
              aria-label={`Pair with SSIM ${fixed(ses, 3)}. Select both`}
              onClick={(event) =>
                onPick(
                  [a, b],
                  [ids.get(a) ?? "", ids.get(b) ?? ""],
                  event.shiftKey || event.ctrlKey || event.metaKey,
                )
              }
            >
              <TilePicture tile={thumbnails.get(a)} side={48} />
              <TilePicture tile={thumbnails.get(b)} side={48} />
              <span className="dcf-ses">{fixed(ses, 3)}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
