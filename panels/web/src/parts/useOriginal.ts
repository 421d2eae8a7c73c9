// The picture of a sample in full resolution, asked for when it is wanted.
import * as fos from "@fiftyone/state";
import * as React from "react";
import { ask, asProblem } from "../ask";
import { useSession } from "../session";

export interface Original {
  /** Empty while it is on its way, and where there is none. */
  source: string;
  problem: string;
  /** To be called where the browser cannot show it: then it is decoded for it. */
  failed: () => void;
}

export function useOriginal(row: number, wanted: boolean): Original {
  const { key } = useSession();
  const [decoded, setDecoded] = React.useState(false);
  const [found, setFound] = React.useState({ source: "", problem: "" });
  React.useEffect(() => {
    if (!wanted) return;
    let current = true;
    ask("original", { ...key, row, decoded }).then(
      ({ filepath, image, problem }) => {
        if (current) setFound({ source: filepath ? fos.getSampleSrc(filepath) : image, problem });
      },
      (error) => current && setFound({ source: "", problem: asProblem(error).message }),
    );
    return () => {
      current = false;
    };
  }, [key, row, wanted, decoded]);
  const failed = () => {
    const problem = decoded ? "the browser cannot show it" : "";
    setFound({ source: "", problem });
    setDecoded(true);
  };
  return { ...found, failed };
}
