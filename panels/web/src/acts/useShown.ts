// Whether what can be decided on has been drawn, and how often it was decided on.
import * as React from "react";
import { beganAt, pressedBy, watchPresses } from "./began";
import { drop } from "./dropped";
import { type About, Gate, SETTLE_MS } from "./gate";

/** Calls back once what the component renders was painted, its image decoded before. */
export function usePainted(
  image: React.RefObject<HTMLImageElement | null>,
  onPainted: (() => void) | undefined,
) {
  const call = React.useRef(onPainted);
  call.current = onPainted;
  React.useEffect(() => {
    let frame = 0;
    let gone = false;
    // The second frame begins when the first one is on screen. A hidden window paints none.
    const paint = () => {
      if (gone) return;
      frame = requestAnimationFrame(() => {
        frame = requestAnimationFrame(() => call.current?.());
      });
    };
    const decoded = image.current?.decode().catch(() => {}) ?? Promise.resolve();
    void decoded.then(paint);
    return () => {
      gone = true;
      cancelAnimationFrame(frame);
    };
  }, [image]);
}

/** Whether the thing of that name is on screen, and what to call when it is drawn. */
export function useShown(name: string | null): [boolean, (name: string) => void] {
  const [shown, setShown] = React.useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what comes again must be drawn again
  React.useEffect(() => () => setShown(null), [name]);
  return [name !== null && shown === name, setShown];
}

/** The same for what has no image of its own to wait for: it is there where it has a name. */
export function usePaintedWhen(name: string | null): boolean {
  const [shown, setShown] = useShown(name);
  React.useEffect(() => {
    if (name === null) return;
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => setShown(name));
    });
    return () => cancelAnimationFrame(frame);
  }, [name, setShown]);
  return shown;
}

export type Pass = (act: string, about?: About) => boolean;

export interface Gated {
  /** Whether an act counts; where it does not, that is seen. */
  pass: Pass;
  /** Lets what is on screen be decided on again: the decision did not come about. */
  free: () => void;
}

/** `settle` is 0 where people choose from what they see: nothing comes up by itself. */
export function useGate(shown: boolean, settle = SETTLE_MS): Gated {
  const [gate] = React.useState(() => new Gate(settle));
  React.useEffect(watchPresses, []);
  const now = React.useRef(shown);
  now.current = shown;
  // Before any press is handled that finds it shown.
  React.useLayoutEffect(() => {
    if (shown) gate.shows(performance.now());
  }, [shown, gate]);
  return React.useMemo(
    () => ({
      pass: (act, about = "whole") => {
        const why = gate.why(act, about, now.current, beganAt(), pressedBy());
        if (why) drop(why);
        return why === null;
      },
      free: () => gate.free(),
    }),
    [gate],
  );
}
