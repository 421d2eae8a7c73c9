// An outline that is dragged by its edges and corners, or moved and sized by the arrow keys.
import * as React from "react";
import type { Laid } from "../parts/zoom";
import { useShortcuts } from "../shortcuts";
import { styleOf } from "./Boxes";
import { adjusted, type Box, type Part } from "./place";
import type { useObjectDeeds } from "./useObjectDeeds";

interface Props {
  box: Box;
  laid: Laid;
  /** Width of the picture in pixels. */
  width: number;
  /** How it looks: as a label's, or as what may be anything. */
  kind?: "label" | "asked";
  onChange: (change: (box: Box) => Box) => void;
  onSave: () => void;
  onLeave: () => void;
}

const PARTS: readonly Part[] = ["n", "e", "s", "w", "ne", "se", "sw", "nw"];
/** What a press moves at least, in pixels of the screen. */
const STEP = 2;
/** A key that is held moves by more and more, up to this many steps at once. */
const FASTEST = 10;
const FASTER = 1.15;
const HELD_MS = 90;

/** By how many steps a press moves: of one that follows another at once, by more. */
function usePace(): () => number {
  const last = React.useRef({ at: Number.NEGATIVE_INFINITY, steps: 1 });
  return () => {
    const now = performance.now();
    const held = now - last.current.at < HELD_MS;
    const steps = held ? Math.min(FASTEST, last.current.steps * FASTER) : 1;
    last.current = { at: now, steps };
    return steps;
  };
}

export function Adjust({ box, laid, width, kind = "label", onChange, onSave, onLeave }: Props) {
  const [sizing, setSizing] = React.useState(false);
  const element = React.useRef<HTMLDivElement>(null);
  // A button that has the focus would take Enter.
  React.useEffect(() => element.current?.focus({ preventScroll: true }), []);
  const least = 2 / width;
  const step = Math.max(STEP / laid.width, 1 / width);
  const down = (step * laid.width) / laid.height;
  const pace = usePace();
  useShortcuts({
    objectAdjust: () => setSizing(!sizing),
    objectNudge: (at) => {
      const [dx, dy] = [
        [0, -down],
        [0, down],
        [-step, 0],
        [step, 0],
      ][at] as [number, number];
      const by = pace();
      onChange((old) => adjusted(old, sizing ? "se" : "all", by * dx, by * dy, least));
    },
    objectSave: onSave,
    objectLeave: onLeave,
  });
  const drag = useParts((part, dx, dy) =>
    onChange((old) => adjusted(old, part, dx / laid.width, dy / laid.height, least)),
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a box on a picture is no fieldset
    <div
      ref={element}
      role="group"
      tabIndex={-1}
      className={`dcf-box dcf-box-${kind} dcf-adjust`}
      data-box="adjusted"
      data-sizing={sizing || undefined}
      aria-label={`Outline: arrow keys ${sizing ? "size" : "move"} it, e switches, Enter saves`}
      style={styleOf(box, laid)}
      {...drag("all")}
    >
      {PARTS.map((part) => (
        <span key={part} className={`dcf-handle dcf-handle-${part}`} {...drag(part)} />
      ))}
    </div>
  );
}

/** The outline that is being adjusted, to be laid over its picture; null where none is. */
export function adjustOver(deeds: ReturnType<typeof useObjectDeeds>, width: number) {
  const { adjusting, change, acts } = deeds;
  if (!adjusting) return null;
  return (laid: Laid) => (
    <Adjust
      box={adjusting}
      laid={laid}
      width={width}
      onChange={change}
      onSave={acts.save}
      onLeave={acts.leave}
    />
  );
}

/** Tells how far a part was dragged since it was last told. */
function useParts(onDrag: (part: Part, dx: number, dy: number) => void) {
  const last = React.useRef<{ part: Part; x: number; y: number } | null>(null);
  return (part: Part) => ({
    onPointerDown: (event: React.PointerEvent) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      last.current = { part, x: event.clientX, y: event.clientY };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: React.PointerEvent) => {
      const from = last.current;
      if (from?.part !== part) return;
      event.stopPropagation();
      last.current = { part, x: event.clientX, y: event.clientY };
      onDrag(part, event.clientX - from.x, event.clientY - from.y);
    },
    onPointerUp: () => {
      last.current = null;
    },
    onPointerCancel: () => {
      last.current = null;
    },
    onDoubleClick: (event: React.MouseEvent) => event.stopPropagation(),
  });
}
