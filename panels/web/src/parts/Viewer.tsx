// A picture as large as there is room, enlarged up to its full resolution, brighter if wanted.
import * as fos from "@fiftyone/state";
import * as React from "react";
import { usePainted } from "../acts/useShown";
import { ask } from "../ask";
import type { SampleInfo } from "../events";
import { fixed } from "../format";
import { useSession } from "../session";
import { type Bindings, SHORTCUTS, type ShortcutName, useShortcuts } from "../shortcuts";
import { AS_IT_IS, dragged, filterOf, isChanged, type Light, useLight } from "./light";
import { Picture } from "./Picture";
import { PIXELS_FROM } from "./pixels";
import { Tip } from "./Tip";
import { type FetchOriginal, useOriginal } from "./useOriginal";
import { fitting, type Laid, laid, moved, type Place, type Size, within, zoomed } from "./zoom";

const STEP = 1.5;
const WHEEL = 0.0015;
const ARROW = 60;
const LIGHT_STEP = 24;
/** By how much a preview may be enlarged before the file itself is fetched. */
const SOFT = 1.3;

/** What can be looked at closely. */
export interface Pictured {
  /** A data URL; empty where it cannot be shown. */
  image: string;
  /** Of the file, in pixels. */
  width: number;
  height: number;
  alt: string;
  /** Where it comes from in full resolution. */
  original: FetchOriginal;
}

/** What is shown of a picture, where that is a part of it. */
export interface Part {
  /** Where it begins, for what is a part of the picture; without it the whole picture is shown. */
  start?: (picture: Size, box: Size) => Place;
  /** What lies over the picture, given where that lies. */
  over?: (at: Laid, box: Size) => React.ReactNode;
  /** Whether the whole picture is shown first. */
  whole?: boolean;
  /** Whether arrow keys are for something else now. */
  still?: boolean;
  /** Whether all keys are for what is around it. */
  quiet?: boolean;
}

interface Props extends Part {
  sample: SampleInfo | null;
  /** Longest side of the picture that comes with the sample. */
  preview: number;
  onShown?: (row: number) => void;
  /** Beside its own tools. */
  tools?: React.ReactNode;
  /** What the picture shows, where that is not a label and its prediction. */
  alt?: string;
}

export function Viewer({ sample, preview, onShown, tools, alt: told, ...part }: Props) {
  const { key, classes } = useSession();
  const row = sample?.row ?? 0;
  const original = React.useCallback<FetchOriginal>(
    async (decoded) => {
      const { filepath, image, problem } = await ask("original", { ...key, row, decoded });
      return { source: filepath ? fos.getSampleSrc(filepath) : image, problem };
    },
    [key, row],
  );
  if (!sample?.image || !sample.width)
    return (
      <NoPicture tools={tools}>
        <Picture sample={sample} {...(onShown ? { onShown } : {})} />
      </NoPicture>
    );
  const { image, width, height } = sample;
  const alt = told ?? `Labelled ${sample.current_label}, predicted ${classes[sample.prediction]}`;
  return (
    <Zoomable
      key={row}
      picture={{ image, width, height, alt, original }}
      preview={preview}
      onShown={onShown && (() => onShown(row))}
      tools={tools}
      {...part}
    />
  );
}

/** The same frame around what cannot be enlarged. */
export function NoPicture({
  children,
  tools,
}: {
  children: React.ReactNode;
  tools?: React.ReactNode;
}) {
  return (
    <div className="dcf-viewer">
      {children}
      <div className="dcf-viewer-tools">{tools}</div>
    </div>
  );
}

interface ZoomableProps extends Part {
  picture: Pictured;
  preview: number;
  onShown: (() => void) | undefined;
  tools?: React.ReactNode;
}

/** A picture with the tools to look at it closely; give each a key of its own. */
export function Zoomable(props: ZoomableProps) {
  const { picture, preview, onShown, tools, start, over, still, quiet, whole } = props;
  const [element, box] = useBox();
  const [kept, setKept] = React.useState<Place | "whole" | null>(whole ? "whole" : null);
  const [light, setLight] = useLight();
  const [lighting, setLighting] = React.useState(false);
  const image = React.useRef<HTMLImageElement>(null);
  usePainted(image, onShown);
  const size = { width: picture.width, height: picture.height };
  const fit = fitting(size, box);
  const begin = start ? within(start(size, box), size, box) : null;
  const first = begin && begin.scale > fit * 1.001 ? begin : null;
  const chosen = kept === "whole" ? null : (kept ?? first);
  const setChosen = (next: Place | null) => setKept(next ?? "whole");
  const place = chosen ? within(chosen, size, box) : { scale: fit, x: 0.5, y: 0.5 };
  const longest = Math.max(size.width, size.height);
  const wanted = longest > preview && place.scale * longest > SOFT * preview;
  const original = useOriginal(picture.original, wanted);
  const [there, setThere] = React.useState("");

  const go = (next: Place) => setChosen(next.scale <= fit ? null : next);
  const by = (factor: number, at?: { left: number; top: number }) =>
    go(zoomed(place, place.scale * factor, size, box, at));
  const full = (at?: { left: number; top: number }) =>
    chosen && Math.abs(chosen.scale - 1) < 0.01
      ? setChosen(null)
      : setChosen(zoomed(place, 1, size, box, at));
  const acts = {
    home: () => setKept(chosen ? "whole" : null),
    zoomIn: () => by(STEP),
    zoomOut: () => by(1 / STEP),
    fullSize: () => full(),
    lighting: () => setLighting(!lighting),
    lightReset: () => setLight(AS_IT_IS),
  };
  const arrow = (at: number) => {
    const [dx, dy] = [
      [0, 1],
      [0, -1],
      [1, 0],
      [-1, 0],
    ][at] as [number, number];
    if (lighting) setLight((old) => dragged(old, -dx * LIGHT_STEP, -dy * LIGHT_STEP));
    else go(moved(place, dx * ARROW, dy * ARROW, size, box));
  };
  const keys: Bindings = {
    zoomIn: acts.zoomIn,
    zoomOut: acts.zoomOut,
    fullSize: acts.fullSize,
    lighting: acts.lighting,
    lightReset: acts.lightReset,
    pictureMove: !still && (lighting || chosen) ? arrow : undefined,
    objectWhole: start && acts.home,
  };
  useShortcuts(quiet ? {} : keys);
  const drag = useDrag((dx, dy, lit) => {
    if (lit || lighting) setLight((old) => dragged(old, dx, dy));
    else if (chosen) {
      const dragged = (old: Place) => moved(within(old, size, box), dx, dy, size, box);
      setKept((old) => (old === "whole" ? old : (old ?? first) && dragged(old ?? chosen)));
    }
  });
  useWheel(element, (delta, at) => by(Math.exp(-delta * WHEEL), at));

  const at = laid(place, size, box);
  const shape: React.CSSProperties = {
    ...at,
    filter: filterOf(light),
    imageRendering: place.scale >= PIXELS_FROM ? "pixelated" : "auto",
  };
  return (
    <div className="dcf-viewer">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys and buttons do the same */}
      <div
        ref={element}
        className="dcf-picture dcf-viewer-box"
        data-lighting={lighting || undefined}
        data-enlarged={chosen ? true : undefined}
        onDoubleClick={(event) => full(pointOf(event))}
        {...drag}
      >
        <img ref={image} src={picture.image} alt={picture.alt} draggable={false} style={shape} />
        {wanted && original.source && (
          <img
            src={original.source}
            alt=""
            className="dcf-viewer-original"
            data-there={there === original.source || undefined}
            draggable={false}
            style={shape}
            onLoad={() => setThere(original.source)}
            onError={original.failed}
          />
        )}
        {over?.(at, box)}
      </div>
      <div className="dcf-viewer-tools">
        <Tool name="zoomOut" text="−" onClick={acts.zoomOut} />
        <Tool name="fullSize" text="1:1" pressed={chosen?.scale === 1} onClick={acts.fullSize} />
        <Tool name="zoomIn" text="+" onClick={acts.zoomIn} />
        {start && (
          <Tool name="objectWhole" text="Whole" pressed={chosen === null} onClick={acts.home} />
        )}
        <Tool name="lighting" text="Light" pressed={lighting} onClick={acts.lighting} />
        {isChanged(light) && (
          <Tool name="lightReset" text="Light as it was" onClick={acts.lightReset} />
        )}
        <span className="dcf-soft" role="status">
          {stateOf(place.scale, light, lighting)}
          {wanted && there !== original.source && !original.problem && " · loading full resolution"}
          {wanted && original.problem && ` · no full resolution: ${original.problem}`}
        </span>
        {tools}
      </div>
    </div>
  );
}

function stateOf(scale: number, light: Light, lighting: boolean): string {
  const parts = [`${Math.round(scale * 100)} %`];
  if (lighting) parts.push("drag for light: up is brighter, right is more contrast");
  else if (isChanged(light))
    parts.push(`brightness ${fixed(light.brightness, 2)}, contrast ${fixed(light.contrast, 2)}`);
  return parts.join(" · ");
}

interface ToolProps {
  name: ShortcutName;
  text: string;
  pressed?: boolean;
  onClick: () => void;
}

function Tool({ name, text, pressed, onClick }: ToolProps) {
  const { does, keys } = SHORTCUTS[name];
  return (
    <Tip title={`${does} (${keys[0]})`}>
      <button
        type="button"
        className="dcf-viewer-tool"
        aria-label={`${text}: ${does}`}
        aria-pressed={pressed}
        aria-keyshortcuts={keys[0]}
        onClick={onClick}
      >
        {text}
      </button>
    </Tip>
  );
}

/** Where in its element a pointer is. */
function pointOf(event: { currentTarget: Element; clientX: number; clientY: number }) {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  return { left: event.clientX - left, top: event.clientY - top };
}

/** An element and its size, known before it is first painted. */
function useBox(): [React.RefObject<HTMLDivElement>, Size] {
  const element = React.useRef<HTMLDivElement>(null);
  const [box, setBox] = React.useState<Size>({ width: 1, height: 1 });
  React.useLayoutEffect(() => {
    const now = element.current;
    if (!now) return;
    const measure = () =>
      setBox({ width: Math.max(1, now.clientWidth), height: Math.max(1, now.clientHeight) });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(now);
    return () => observer.disconnect();
  }, []);
  return [element, box];
}

/** Tells how far the pointer was dragged since it was last told, and whether with Ctrl. */
function useDrag(onDrag: (dx: number, dy: number, lit: boolean) => void) {
  const last = React.useRef<{ x: number; y: number } | null>(null);
  return {
    onPointerDown: (event: React.PointerEvent) => {
      if (event.button !== 0) return;
      last.current = { x: event.clientX, y: event.clientY };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: React.PointerEvent) => {
      const from = last.current;
      if (!from) return;
      last.current = { x: event.clientX, y: event.clientY };
      onDrag(event.clientX - from.x, event.clientY - from.y, event.ctrlKey || event.metaKey);
    },
    onPointerUp: () => {
      last.current = null;
    },
    onPointerCancel: () => {
      last.current = null;
    },
  };
}

/** The wheel, which would else scroll what is around. */
function useWheel(
  element: React.RefObject<HTMLDivElement>,
  onWheel: (delta: number, at: { left: number; top: number }) => void,
) {
  const call = React.useRef(onWheel);
  call.current = onWheel;
  React.useEffect(() => {
    const now = element.current;
    if (!now) return;
    const listen = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = now.getBoundingClientRect();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
      call.current(event.deltaY * lines, {
        left: event.clientX - left,
        top: event.clientY - top,
      });
    };
    now.addEventListener("wheel", listen, { passive: false });
    return () => now.removeEventListener("wheel", listen);
  }, [element]);
}
