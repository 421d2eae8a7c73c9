// The map of the iteration as it stands: asked for once, coloured anew when asked or after decisions.
import { ask } from "../ask";
import type { Colour } from "../events";
import { useSession } from "../session";
import { questionOf, useAnswer } from "../useAsk";
import { useCurrentView } from "../useCurrentView";
import { arraysOf, type MapArrays } from "./arrays";

/** The map, "none" while the iteration has none, null while it is on its way. */
export function useMap(colour: Colour) {
  const { key, overview, workedOut } = useSession();
  const view = useCurrentView();
  const request = { ...key, colour };
  const because = [view, overview.revision, workedOut.maps];
  const { reply, problem, retry } = useAnswer<MapArrays | "none">(
    questionOf("map", request, because),
    async (last) => {
      const known = last === "none" ? null : last;
      const reply = await ask("map", { ...request, map: known?.id ?? null });
      return reply.map === null ? "none" : arraysOf(reply, colour, known);
    },
  );
  return { map: reply, problem, retry };
}
