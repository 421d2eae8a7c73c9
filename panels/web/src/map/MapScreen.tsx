// The whole dataset on one map: colour it, hover, draw a lasso, decide.
import * as fos from "@fiftyone/state";
import { Button, MenuItem, Select, ToggleButton, Tooltip } from "@mui/material";
import * as React from "react";
import { useRecoilValue } from "recoil";
import type { Colour } from "../events";
import { count, plural } from "../format";
import { isFlag, oneOf, useKept } from "../kept";
import { DragTool, type Tool } from "../parts/DragTool";
import { Name } from "../parts/Name";
import { NotYet } from "../parts/NotYet";
import { Outcome } from "../parts/Outcome";
import { Problem } from "../parts/Problem";
import { Waiting } from "../parts/States";
import { Workbench } from "../parts/Workbench";
import { useSample } from "../samples";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { highest, hues, isNumeric, pointsOf, ramp } from "./arrays";
import { Legend } from "./Legend";
import { type Frame, sameFrame } from "./landmarks";
import { MapPictures } from "./MapPictures";
import { Scatter, type ScatterHandle } from "./Scatter";
import { useMap } from "./useMap";
import { MOST_SHARED, useMapSelection } from "./useMapSelection";

const COLOURS: Record<Colour, string> = {
  label: "Label",
  prediction: "Prediction",
  decision: "Decision",
  suspicion: "Suspicion",
  disagreement: "Neighbour disagreement",
};
const isColour = oneOf(...(Object.keys(COLOURS) as Colour[]));
const OUTSTANDING = 50;

export function MapScreen({ onBack }: { onBack: () => void }) {
  const { classes } = useSession();
  const theme = useRecoilValue(fos.theme);
  const [colour, setColour] = useKept<Colour>("map/colour", "disagreement", isColour);
  const [tool, setTool] = useKept<Tool>("map/tool", "lasso", oneOf("lasso", "pan"));
  const { chosen, choose: select, alone } = useMapSelection();
  const [at, setAt] = React.useState(0);
  const [hovered, setHovered] = React.useState<number | null>(null);
  const [pictures, setPictures] = useKept("map/pictures", true, isFlag);
  const [frame, setFrame] = React.useState<Frame | null>(null);
  const scatter = React.useRef<ScatterHandle>(null);
  const { map, problem, retry } = useMap(colour);
  const ready = map !== null && map !== "none" ? map : null;

  const points = React.useMemo(() => (ready ? pointsOf(ready) : null), [ready]);
  const pointOf = React.useMemo(
    () => new Map(points ? Array.from(points.rows, (row, point) => [row, point] as const) : []),
    [points],
  );
  const numeric = ready !== null && isNumeric(ready.colour);
  const colours = React.useMemo(() => {
    if (numeric) return ramp();
    return hues(ready?.names.length ?? 1, theme === "dark");
  }, [numeric, ready?.names.length, theme]);
  const open = React.useMemo(
    () => chosen.filter((row) => ready?.shown[row] === 1),
    [chosen, ready],
  );
  const selected = React.useMemo(
    () => open.flatMap((row) => pointOf.get(row) ?? []),
    [open, pointOf],
  );

  const focus = open[Math.min(at, open.length - 1)] ?? null;
  const sample = useSample(focus, open.slice(at + 1, at + 3));
  const over = hovered === null ? null : (points?.rows[hovered] ?? null);
  const preview = useSample(over, [], 192);

  const choose = (rows: number[]) => {
    select(rows);
    setAt(0);
  };
  const step = (by: number) =>
    setAt((now) => Math.max(0, Math.min(open.length - 1, Math.min(now, open.length - 1) + by)));
  const outstanding = () => {
    if (ready && numeric) choose(highest(ready, OUTSTANDING));
  };
  const leave = () => (chosen.length ? choose([]) : onBack());
  useShortcuts({
    none: leave,
    mapStep: open.length > 1 ? (at) => step(at === 0 ? -1 : 1) : undefined,
    mapOutstanding: numeric ? outstanding : undefined,
    mapTool: () => setTool(tool === "lasso" ? "pan" : "lasso"),
    zoomIn: () => scatter.current?.zoomBy(1.5),
    zoomOut: () => scatter.current?.zoomBy(1 / 1.5),
    fit: () => scatter.current?.fit(),
  });

  if (problem) return <Problem problem={problem} onRetry={retry} onBack={onBack} />;
  if (map === null) return <Waiting text="Fetching the map …" />;
  if (!ready || !points) {
    return (
      <>
        <NotYet
          icon="fit"
          title="This iteration has no map yet"
          operator="map_dataset"
          button="Map the dataset"
          busy="Mapping …"
          onBack={onBack}
        >
          The map lays all samples out by likeness and finds those that lie among another class. It
          takes seconds for thousands of samples, minutes for a million, and is kept.
        </NotYet>
        <Outcome />
      </>
    );
  }
  const place = hovered === null ? null : scatter.current?.positionOf(hovered);
  const hidden = ready.colour === "decision" ? 0 : ready.samples - points.rows.length;
  return (
    <Workbench
      label="Map of the dataset"
      focus={focus}
      sample={sample}
      hint="Drag around points to select them; Shift adds. Point at one to see its image. The arrow keys go through the selected ones."
      chosen={{
        chosen: open.length,
        onClear: () => choose([]),
        children: open.length > 1 && (
          <span className="dcf-soft">
            {count(Math.min(at, open.length - 1) + 1)} of {count(open.length)} shown
          </span>
        ),
      }}
      notes={
        alone && (
          <p className="dcf-note">
            More than {count(MOST_SHARED)}: selected here alone, not in FiftyOne's grid.
          </p>
        )
      }
      decide={{
        rows: open,
        confirm: `Confirm ${open.length === 1 ? "the label" : "their labels"}`,
        probable: sample?.probabilities.map((p) => p.label) ?? [],
        onDone: () => choose([]),
      }}
    >
      <div className="dcf-tools">
        <Select<Colour>
          size="small"
          value={colour}
          onChange={(event) => setColour(event.target.value as Colour)}
          inputProps={{ "aria-label": "Colour of the points" }}
          className="dcf-select"
        >
          {(Object.keys(COLOURS) as Colour[]).map((name) => (
            <MenuItem key={name} value={name}>
              {COLOURS[name]}
            </MenuItem>
          ))}
        </Select>
        <DragTool tool={tool} onTool={setTool} onFit={() => scatter.current?.fit()} />
        {numeric && (
          <Tooltip
            describeChild
            title={`Select the ${OUTSTANDING} samples with the highest value (e)`}
          >
            <Button size="small" onClick={outstanding}>
              Highest {OUTSTANDING}
            </Button>
          </Tooltip>
        )}
        <Tooltip describeChild title="Images of some points, of more as you zoom in">
          <ToggleButton
            size="small"
            value="pictures"
            selected={pictures}
            onChange={() => setPictures(!pictures)}
          >
            Images
          </ToggleButton>
        </Tooltip>
        <span className="dcf-grow" />
        <span className="dcf-soft" role="status" data-testid="map-points">
          {plural(points.rows.length, "sample")}
          {hidden > 0 && `, ${count(hidden)} reviewed or outside the view`}
        </span>
      </div>
      <div className="dcf-map dcf-scatter">
        <Scatter
          ref={scatter}
          points={points}
          colours={colours}
          numeric={numeric}
          background={theme === "dark" ? "#1b1b1f" : "#fbfbfd"}
          tool={tool}
          selected={selected}
          label={`Map of ${plural(points.rows.length, "sample")} coloured by ${COLOURS[colour].toLowerCase()}`}
          onSelect={(found) => choose(found.map((point) => points.rows[point] ?? 0))}
          onHover={setHovered}
          onFrame={(next) => setFrame((old) => (sameFrame(old, next) ? old : next))}
        />
        {pictures && frame && (
          <MapPictures
            points={points}
            frame={frame}
            selected={selected}
            numeric={numeric}
            colours={colours}
          />
        )}
        {preview && place && (
          <div
            className="dcf-preview"
            style={{ left: place[0] + 14, top: place[1] + 14 }}
            aria-hidden="true"
          >
            {preview.image && <img src={preview.image} alt="" />}
            <span>
              <Name>{preview.current_label}</Name> <span className="dcf-soft">predicted</span>{" "}
              <Name>{classes[preview.prediction]}</Name>
            </span>
          </div>
        )}
      </div>
      <Legend map={ready} colours={colours} numeric={numeric} />
    </Workbench>
  );
}
