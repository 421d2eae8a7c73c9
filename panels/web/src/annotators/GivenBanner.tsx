// Says by whose votes the screens are filtered, and takes the filter off.
import { Button } from "@mui/material";
import * as React from "react";
import { ask, asProblem } from "../ask";
import { useNames } from "../objects/names";
import { Icon } from "../parts/Icon";
import { Name } from "../parts/Name";
import { useSession } from "../session";

export function GivenBanner() {
  const { key, given, setGiven, report } = useSession();
  const { thing, prediction } = useNames();
  if (!given) return null;
  const show = () =>
    ask("show_in_grid", { ...key, label: null, prediction: null }).catch((error) =>
      report("show_in_grid", asProblem(error)),
    );
  return (
    <div className="dcf-banner" role="status">
      <Icon name="tune" />
      <span>
        Only {thing}s that{" "}
        <strong>
          <Name>{given.annotator}</Name>
        </strong>{" "}
        voted on
        {given.said !== null && (
          <>
            , as <Name>{prediction(given.said)}</Name>
          </>
        )}
        {given.meant !== null && (
          <>
            , where <Name>{prediction(given.meant)}</Name> is likely
          </>
        )}
        .
      </span>
      <Button size="small" onClick={() => void show()}>
        Show in grid
      </Button>
      <Button size="small" onClick={() => setGiven(null)}>
        All {thing}s
      </Button>
    </div>
  );
}
