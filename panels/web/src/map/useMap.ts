// The map of the iteration as it stands: asked for once, coloured anew when asked or after decisions.
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { Colour, Problem } from "../events";
import { useSession } from "../session";
import { arraysOf, type MapArrays } from "./arrays";

/** The map, "none" while the iteration has none, null while it is on its way. */
export function useMap(colour: Colour, view: string) {
  const { key, overview, workedOut } = useSession();
  const [map, setMap] = React.useState<MapArrays | "none" | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [turn, again] = React.useReducer((n: number) => n + 1, 0);
  const known = React.useRef<MapArrays | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: view, revision, workedOut and turn ask anew
  React.useEffect(() => {
    let current = true;
    ask("map", { ...key, colour, map: known.current?.id ?? null }).then(
      (reply) => {
        if (!current) return;
        setProblem(null);
        if (reply.map === null) {
          known.current = null;
          setMap("none");
          return;
        }
        known.current = arraysOf(reply, colour, known.current);
        setMap(known.current);
      },
      (error) => current && setProblem(asProblem(error)),
    );
    return () => {
      current = false;
    };
  }, [key, colour, view, overview.revision, workedOut.maps, turn]);
  return { map, problem, retry: again };
}
