// One cell of objects: its crops, the most suspicious first, and the one in focus in its image.
import * as React from "react";
import { CellDone, CellHead, type Ways } from "../cell/CellHead";
import { PAGE, useCell } from "../cell/useCell";
import { plural, title } from "../format";
import { isIndex, useKeptHere } from "../kept";
import { Pages } from "../parts/Pages";
import type { GridItem } from "../parts/PictureGrid";
import { GridSize } from "../parts/PictureSize";
import { Problem } from "../parts/Problem";
import { useGridEdge } from "../parts/sizes";
import { usePicked } from "../parts/usePicked";
import { Pictures } from "../review/Pictures";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useThumbnails } from "../useThumbnails";
import { captionOf, namedBy } from "./caption";
import { kindOf } from "./kinds";
import { useNames } from "./names";
import { ObjectBench } from "./ObjectBench";

interface Props extends Ways {
  label: number;
  prediction: number;
}

export function ObjectCell({ label, prediction, ...ways }: Props) {
  const { overview } = useSession();
  const names = useNames();
  const { onBack } = ways;
  const kept = `objects/cell/${label}/${prediction}`;
  const [offset, setOffset] = useKeptHere(kept, 0, isIndex);
  const thumbnails = useThumbnails(useGridEdge());
  const version = React.useSyncExternalStore(thumbnails.subscribe, thumbnails.snapshot);
  const { reply, samples, problem, retry } = useCell(
    { label, prediction, offset, iies: null },
    thumbnails,
  );
  const faint = React.useMemo(
    () => new Set(samples.filter((s) => !s.inView).map((s) => s.row)),
    [samples],
  );
  const objects = reply?.samples.objects;
  const labels = React.useMemo(
    () =>
      samples.map(({ row, id }, at) => ({
        row,
        id,
        on: { sample: objects?.sample[at] ?? "", missing: label === names.nothing },
      })),
    [samples, objects, label, names.nothing],
  );
  const picked = usePicked(labels, faint);
  const items = React.useMemo<GridItem[]>(
    () =>
      samples.map((s, at) => {
        const kind = kindOf(objects?.kind[at] ?? "");
        const caption = captionOf(names, label, prediction, s.suspicion, kind);
        const name = namedBy(caption, names.thing, offset + at + 1);
        return { row: s.row, faint: faint.has(s.row), name, caption };
      }),
    [samples, objects, faint, names, label, prediction, offset],
  );
  const known = React.useMemo(
    () => samples.map(({ row }) => ({ row, label, seen: prediction })),
    [samples, label, prediction],
  );
  useShortcuts({
    none: () => (picked.chosen.length ? picked.clear() : onBack()),
    all: picked.all,
  });
  if (problem) return <Problem problem={problem} onRetry={retry} onBack={onBack} />;
  const instead = reply && reply.open === 0 && (
    <CellDone decided={reply.decided} onNext={() => ways.onStep(1)} onBack={onBack} />
  );
  return (
    <ObjectBench
      label="Cell"
      revision={overview.revision}
      head={<CellHead label={label} prediction={prediction} reply={reply} {...ways} />}
      instead={instead || undefined}
      picked={picked}
      all={samples.length - faint.size}
      thumbnails={thumbnails}
      known={known}
    >
      <div className="dcf-tools">
        <GridSize />
      </div>
      <Pictures
        pages={null}
        picked={picked}
        items={items}
        thumbnails={thumbnails}
        version={version}
        label={`${title(names.thing)}s, most suspicious first`}
      />
      <div className="dcf-under">
        {reply && (
          <Pages
            offset={offset}
            page={PAGE}
            total={reply.matching}
            order="most suspicious first"
            before={`More suspicious ${names.thing}s`}
            after={`Less suspicious ${names.thing}s`}
            onOffset={setOffset}
          />
        )}
        {faint.size > 0 && (
          <p className="dcf-note">
            {plural(faint.size, names.thing)} faint: outside FiftyOne's current view, and left
            alone.
          </p>
        )}
      </div>
    </ObjectBench>
  );
}
