// A picture in full resolution, asked for when it is wanted.
import * as React from "react";
import { asProblem } from "../ask";

/** Fetches a picture; `decoded` where the browser could not show what came before. */
export type FetchOriginal = (decoded: boolean) => Promise<{ source: string; problem: string }>;

export interface Original {
  /** Empty while it is on its way, and where there is none. */
  source: string;
  problem: string;
  /** To be called where the browser cannot show it: then it is decoded for it. */
  failed: () => void;
}

const NOTHING = { source: "", problem: "" };

/** `fetchIt` has to stay the same for as long as the picture is. */
export function useOriginal(fetchIt: FetchOriginal, wanted: boolean): Original {
  const [decoded, setDecoded] = React.useState(false);
  const [found, setFound] = React.useState(NOTHING);
  React.useEffect(() => {
    if (!wanted) return;
    let current = true;
    fetchIt(decoded).then(
      (reply) => current && setFound(reply),
      (error) => current && setFound({ source: "", problem: asProblem(error).message }),
    );
    return () => {
      current = false;
    };
  }, [fetchIt, wanted, decoded]);
  const failed = () => {
    const problem = decoded ? "the browser cannot show it" : "";
    setFound({ source: "", problem });
    setDecoded(true);
  };
  return { ...found, failed };
}
