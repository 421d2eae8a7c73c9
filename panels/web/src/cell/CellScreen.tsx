// One cell: its images on a map or in a grid, the chosen one enlarged, and what to do with it.
import { Button, ToggleButton } from "@mui/material";
import * as React from "react";
import type { Features } from "../events";
import { count, fixed, plural } from "../format";
import { isFlag, oneOf, useKept } from "../kept";
import { LEAST_IIES } from "../overview/cells";
import { DragTool, type Tool } from "../parts/DragTool";
import { Name } from "../parts/Name";
import { Pages } from "../parts/Pages";
import { Problem } from "../parts/Problem";
import { useGridEdge, useMapSize } from "../parts/sizes";
import { Tip } from "../parts/Tip";
import { usePicked } from "../parts/usePicked";
import { Workbench } from "../parts/Workbench";
import { PAGES_HINT, PageActs } from "../review/PageActs";
import { Pictures } from "../review/Pictures";
import { usePages } from "../review/usePages";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useThumbnails } from "../useThumbnails";
import { CellDone, CellHead, openWithin, type Ways } from "./CellHead";
import { CellTools, FeatureChoice, type Mode } from "./CellTools";
import { Check, WORTH_A_CHECK } from "./Check";
import { IiesRange } from "./IiesRange";
import { CellMap, type MapHandle } from "./Map";
import { Pairs } from "./Pairs";
import { PAGE, useCell, useLayout } from "./useCell";
import { usePart } from "./usePart";

interface Props extends Ways {
  label: number;
  prediction: number;
}

const isFeatures = oneOf<Features>("embedding", "pixels", "saliency");
const MAP_EDGE = 64;

export function CellScreen({ label, prediction, ...ways }: Props) {
  const session = useSession();
  const { classes, overview, resolve } = session;
  const { onBack } = ways;
  const [mode, setMode] = useKept<Mode>("cell/mode", "map", oneOf("map", "grid", "pages"));
  const [tool, setTool] = useKept<Tool>("cell/tool", "lasso", oneOf("lasso", "pan"));
  const [features, setFeatures] = useKept<Features>("cell/features", "embedding", isFeatures);
  const [turn, setTurn] = React.useState(0);
  const [part, setPart] = usePart(label, prediction);
  const { offset, asked } = part;
  const [range, setRange] = React.useState<[number, number]>(part.range ?? [LEAST_IIES, 1]);
  const [checking, setChecking] = React.useState(false);
  const map = React.useRef<MapHandle>(null);

  const small = useThumbnails(MAP_EDGE);
  const large = useThumbnails(useGridEdge());
  const smallVersion = React.useSyncExternalStore(small.subscribe, small.snapshot);
  const largeVersion = React.useSyncExternalStore(large.subscribe, large.snapshot);

  const { reply, samples, problem, retry } = useCell(
    { label, prediction, offset, iies: asked },
    small,
  );
  const [even, setEven] = useKept("cell/even", true, isFlag);
  const [aspect, setAspect] = React.useState(1);
  const [size] = useMapSize();
  const layout = useLayout(
    samples,
    features,
    turn,
    mode === "map",
    reply?.layout ?? null,
    even ? aspect : null,
  );
  React.useEffect(() => {
    if (mode === "map") small.want(samples.map((sample) => sample.row));
  }, [samples, small, mode]);

  const faint = React.useMemo(
    () =>
      new Set(
        samples
          .filter((s) => !s.inView || s.iies < range[0] - 1e-6 || s.iies > range[1] + 1e-6)
          .map((s) => s.row),
      ),
    [samples, range],
  );
  const picked = usePicked(samples, faint);
  const { chosen, selected, elsewhere, focus, sample, setFocus, click, all, done } = picked;
  const outside = samples.filter((s) => !s.inView).length;
  const accept = async () => {
    if (await resolve("relabel", chosen, { label: classes[prediction] ?? "" })) done(chosen);
  };
  const again = () => setTurn((n) => n + 1);
  const leave = () => (chosen.length ? picked.clear() : onBack());
  const judged = React.useMemo(
    () =>
      samples.filter(({ row }) => !faint.has(row)).map(({ row }) => ({ row, label, prediction })),
    [samples, faint, label, prediction],
  );
  const pages = usePages({
    on: mode === "pages",
    name: JSON.stringify(["cell", label, prediction, offset, range]),
    samples: judged,
    eitherWay: label !== prediction,
    thumbnails: large,
  });
  useShortcuts({
    none: mode === "pages" ? undefined : leave,
    all: mode === "pages" ? undefined : all,
    pages: () => setMode(mode === "pages" ? "grid" : "pages"),
    layout: mode === "map" ? again : undefined,
    view: () => setMode(mode === "map" ? "grid" : "map"),
    zoomIn: () => map.current?.zoomBy(1.5),
    zoomOut: () => map.current?.zoomBy(1 / 1.5),
    fit: () => map.current?.fit(),
  });

  const probable = React.useMemo(() => {
    const listed = sample?.probabilities.map((p) => p.label) ?? [];
    return [...(listed.length ? listed : [prediction]), label];
  }, [sample, prediction, label]);
  const items = React.useMemo(
    () =>
      samples.map((s, at) => ({
        row: s.row,
        faint: faint.has(s.row),
        name: `Sample ${offset + at + 1} by suspicion, IIES ${fixed(s.iies, 2)}`,
      })),
    [samples, faint, offset],
  );
  const correct = label === prediction;
  const open = openWithin(session, label, prediction) ?? reply?.open ?? 0;
  const acceptText = (
    <>
      Relabel as “<Name>{classes[prediction]}</Name>”
    </>
  );
  if (problem) return <Problem problem={problem} onRetry={retry} onBack={onBack} />;
  const head = <CellHead label={label} prediction={prediction} reply={reply} {...ways} />;
  const instead = reply && reply.open === 0 && (
    <CellDone decided={reply.decided} onNext={() => ways.onStep(1)} onBack={onBack} />
  );
  const notes = (
    <>
      {elsewhere > 0 && (
        <p className="dcf-note">
          {count(elsewhere)} more selected in FiftyOne that {elsewhere === 1 ? "is" : "are"} not
          shown here, and left alone.
        </p>
      )}
      {chosen.length >= WORTH_A_CHECK ? (
        <Button size="small" fullWidth onClick={() => setChecking(true)}>
          Check some of them first…
        </Button>
      ) : (
        !chosen.length &&
        open >= WORTH_A_CHECK && (
          <Button size="small" fullWidth onClick={() => setChecking(true)}>
            {correct ? "Confirm" : "Relabel"} all {count(open)} after a check…
          </Button>
        )
      )}
      {checking && (
        <Check
          rows={chosen.length ? chosen : null}
          samples={chosen.length || open}
          label={label}
          prediction={prediction}
          thumbnails={large}
          onDone={done}
          onClose={() => setChecking(false)}
        />
      )}
    </>
  );
  const thumbnails = mode === "map" ? small : large;
  return (
    <Workbench
      label="Cell"
      revision={overview.revision}
      head={head}
      instead={instead || undefined}
      focus={focus}
      sample={sample}
      drawn={focus !== null && thumbnails.get(focus) !== undefined}
      paged={
        mode === "pages" && (
          <PageActs
            pages={pages}
            label={classes[label] ?? ""}
            prediction={classes[prediction] ?? ""}
            onLeave={onBack}
          />
        )
      }
      hint={
        mode === "pages"
          ? PAGES_HINT
          : "Click an image to see it here. Drag around images to select them; Shift adds."
      }
      chosen={{
        chosen: chosen.length,
        onClear: picked.clear,
        all: { samples: samples.length - faint.size, onSelect: all },
      }}
      notes={notes}
      decide={{
        rows: chosen,
        confirm: (
          <>
            Confirm “<Name>{classes[label]}</Name>”
          </>
        ),
        accept: correct ? undefined : { text: acceptText, act: accept },
        probable,
        onDone: done,
      }}
    >
      <CellTools mode={mode} onMode={setMode} layout={layout}>
        <FeatureChoice features={features} onFeatures={setFeatures} />
        <Tip title="Each image in a place of its own, none over another">
          <ToggleButton size="small" value="even" selected={even} onChange={() => setEven(!even)}>
            Spread
          </ToggleButton>
        </Tip>
        <DragTool tool={tool} onTool={setTool} onFit={() => map.current?.fit()} />
        <Tip title="Lay the images out again (l)">
          <Button size="small" onClick={again} disabled={layout.asking}>
            Lay out again
          </Button>
        </Tip>
      </CellTools>
      {layout.problem && mode === "map" && (
        <p className="dcf-inline-problem" role="alert">
          {layout.problem.message}
        </p>
      )}
      {mode === "map" ? (
        <CellMap
          ref={map}
          points={layout.points}
          thumbnails={small}
          version={smallVersion}
          selected={selected}
          faint={faint}
          focus={focus}
          grid={layout.grid}
          size={size}
          onAspect={setAspect}
          tool={tool}
          label={`Map of ${plural(samples.length, "image")}. Arrow keys go from image to image, Enter selects.`}
          onClick={click}
          onLasso={picked.enclose}
          onFocus={setFocus}
        />
      ) : (
        <Pictures
          pages={mode === "pages" ? pages : null}
          picked={picked}
          items={items}
          thumbnails={large}
          version={largeVersion}
          label="Images, most suspicious first"
        />
      )}
      <div className="dcf-under">
        {reply && (
          <Pages
            offset={offset}
            page={PAGE}
            total={reply.matching}
            order="most suspicious first"
            before="More suspicious samples"
            after="Less suspicious samples"
            onOffset={(next) => setPart({ ...part, offset: next })}
          />
        )}
        {outside > 0 && (
          <p className="dcf-note">
            {plural(outside, "image")} faint: outside FiftyOne's current view, and left alone.
          </p>
        )}
        {reply && !correct && (
          <IiesRange
            classes={classes.length}
            bars={reply.bars}
            value={range}
            onChange={setRange}
            onCommit={(value) => {
              const whole = value[0] <= LEAST_IIES + 1e-6 && value[1] >= 1 - 1e-6;
              const kept = whole ? null : value;
              const large = reply.open > PAGE;
              setPart({
                offset: large ? 0 : offset,
                range: kept,
                asked: large ? kept : null,
              });
            }}
          />
        )}
        {mode !== "pages" && (
          <>
            <h3 className="dcf-subtitle">Most similar pairs</h3>
            <Pairs
              label={label}
              prediction={prediction}
              thumbnails={large}
              version={largeVersion}
              selected={selected}
              onPick={(rows, pairIds, more) => {
                setFocus(rows[0] ?? null);
                picked.chooseIds(pairIds, more);
              }}
            />
          </>
        )}
      </div>
    </Workbench>
  );
}
