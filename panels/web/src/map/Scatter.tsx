// The points, drawn by WebGL: zoom, pan, lasso, hover. It knows points only, not what they stand for.
import * as React from "react";
import type { Points } from "./arrays";
import { distanceToFit, isFitted } from "./fit";
import { extremesOf, type Frame, frameThrough } from "./landmarks";
import { type Create, loadPlot } from "./loadPlot";

export interface ScatterHandle {
  zoomBy: (factor: number) => void;
  fit: () => void;
  /** Where a point is on the canvas, in CSS pixels. */
  positionOf: (point: number) => [number, number] | null;
}

interface Props {
  points: Points;
  colours: string[];
  numeric: boolean;
  background: string;
  tool: "lasso" | "pan";
  /** Points drawn as selected. */
  selected: number[];
  label: string;
  onSelect: (points: number[]) => void;
  onHover: (point: number | null) => void;
  /** Told what was drawn where, after each time that it was drawn. */
  onFrame: (frame: Frame | null) => void;
}

type Plot = ReturnType<Create>;

const NO_DRAG: React.CSSProperties = { pointerEvents: "none" };

export const Scatter = React.forwardRef<ScatterHandle, Props>(function Scatter(props, ref) {
  const { points, colours, numeric, background, tool, selected, label } = props;
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const plot = React.useRef<Plot | null>(null);
  /** Ends when what was last asked to be drawn is. */
  const drawing = React.useRef<Promise<void>>(Promise.resolve());
  const [ready, setReady] = React.useState(false);
  const [create, setCreate] = React.useState<{ plot: Create } | null>(null);
  const [failed, setFailed] = React.useState("");
  const extremes = React.useMemo(() => extremesOf(points), [points]);
  const handlers = React.useRef({ ...props, extremes });
  handlers.current = { ...props, extremes };

  React.useEffect(() => {
    let current = true;
    loadPlot().then(
      (plot) => current && setCreate({ plot }),
      (error) => current && setFailed(`What draws the map could not be loaded (${error}).`),
    );
    return () => {
      current = false;
    };
  }, []);

  React.useEffect(() => {
    const element = canvas.current;
    const frame = element?.parentElement;
    if (!create || !element || !frame) return;
    let made: Plot;
    try {
      made = create.plot({ canvas: element, width: "auto", height: "auto" });
    } catch (error) {
      setFailed(`The map needs WebGL, which this browser does not offer (${error}).`);
      return;
    }
    plot.current = made;
    drawing.current = Promise.resolve();
    made.subscribe("select", ({ points: chosen }) => handlers.current.onSelect([...chosen]));
    made.subscribe("deselect", () => handlers.current.onSelect([]));
    made.subscribe("pointOver", (point) => handlers.current.onHover(point));
    made.subscribe("pointOut", () => handlers.current.onHover(null));
    const tell = () => {
      const { points, extremes, onFrame } = handlers.current;
      const size = { width: element.clientWidth, height: element.clientHeight };
      const drawn = made.get("isPointsDrawn");
      element.dataset.drawn = String(drawn ? points.x.length : 0);
      const position = (point: number) => made.getScreenPosition(point) ?? null;
      onFrame(drawn ? frameThrough(points, extremes, position, size) : null);
    };
    made.subscribe("view", tell);
    made.subscribe("draw", tell);
    // What Escape does is the panel's to say.
    made.set({ deselectOnEscape: false, deselectOnDblClick: true, lassoColor: "#7fa8ff" });
    // The library fits the height; in a narrow panel the width is what has to fit.
    let fitted = 0;
    const observer = new ResizeObserver(() => {
      if (!element.clientWidth || !element.clientHeight) return;
      const whole = distanceToFit(element);
      const target = made.get("cameraTarget") as [number, number];
      if (!fitted || isFitted(made.get("cameraDistance") as number, target, fitted)) {
        made.set({ cameraDistance: whole, cameraTarget: [0, 0] });
      }
      fitted = whole;
    });
    observer.observe(frame);
    setReady(true);
    return () => {
      observer.disconnect();
      plot.current = null;
      made.destroy();
    };
  }, [create]);

  React.useEffect(() => {
    if (!ready || !plot.current) return;
    plot.current.set({
      backgroundColor: background,
      colorBy: "valueA",
      pointColor: colours.length > 1 ? colours : [...colours, ...colours],
      pointColorActive: "#ff4fa3",
      pointColorHover: "#ff4fa3",
      pointSize: sizeOf(points.x.length),
      pointSizeSelected: 2,
      pointScaleMode: "constant",
      opacity: points.x.length > 50_000 ? 0.5 : 0.85,
    });
  }, [ready, colours, background, points]);

  React.useEffect(() => {
    const [now, element] = [plot.current, canvas.current];
    if (!ready || !now || !element) return;
    let current = true;
    // The library refuses to draw while it draws, and what it was given then would never be seen.
    drawing.current = drawing.current
      .catch(() => undefined)
      .then(async () => {
        if (!current || plot.current !== now) return;
        if (!points.x.length) {
          now.clear();
          return;
        }
        element.style.pointerEvents = "none";
        await now.draw(
          { x: points.x, y: points.y, valueA: points.value },
          {
            zDataType: numeric ? "continuous" : "categorical",
            select: handlers.current.selected,
          },
        );
        element.style.pointerEvents = "";
      });
    return () => {
      current = false;
    };
  }, [ready, points, numeric]);

  React.useEffect(() => {
    if (ready) plot.current?.set({ mouseMode: tool === "lasso" ? "lasso" : "panZoom" });
  }, [ready, tool]);

  React.useEffect(() => {
    const now = plot.current;
    if (!ready || !now?.get("isPointsDrawn")) return;
    if (selected.length) now.select(selected, { preventEvent: true });
    else now.deselect({ preventEvent: true });
  }, [ready, selected]);

  React.useImperativeHandle(
    ref,
    () => ({
      zoomBy: (factor) => {
        const now = plot.current;
        if (!now) return;
        const distance = now.get("cameraDistance") as number;
        now.zoomToLocation(now.get("cameraTarget") as [number, number], distance / factor, {
          transition: true,
          transitionDuration: 150,
        });
      },
      fit: () => {
        if (!canvas.current) return;
        void plot.current?.zoomToLocation([0, 0], distanceToFit(canvas.current), {
          transition: true,
          transitionDuration: 200,
        });
      },
      positionOf: (point) => plot.current?.getScreenPosition(point) ?? null,
    }),
    [],
  );

  if (failed) {
    return (
      <p className="dcf-inline-problem" role="alert">
        {failed}
      </p>
    );
  }
  // As long as no points are drawn, a drag would push them out of sight, whatever the tool.
  return <canvas ref={canvas} role="img" aria-label={label} tabIndex={0} style={NO_DRAG} />;
});

function sizeOf(count: number): number {
  if (count > 200_000) return 1.5;
  if (count > 20_000) return 2.5;
  return count > 2_000 ? 4 : 6;
}
