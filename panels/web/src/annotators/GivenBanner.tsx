// Says by whose votes the screens are filtered, and takes the filter off.
import { Button } from "@mui/material";
import * as React from "react";
import { Icon } from "../parts/Icon";
import { useSession } from "../session";

export function GivenBanner() {
  const { given, setGiven, classes } = useSession();
  if (!given) return null;
  return (
    <div className="dcf-banner" role="status">
      <Icon name="tune" />
      <span>
        Only samples that{" "}
        <strong>
          <bdi>{given.annotator}</bdi>
        </strong>{" "}
        voted on
        {given.said !== null && (
          <>
            , as <bdi>{classes[given.said]}</bdi>
          </>
        )}
        {given.meant !== null && (
          <>
            , where <bdi>{classes[given.meant]}</bdi> is likely
          </>
        )}
        .
      </span>
      <Button size="small" onClick={() => setGiven(null)}>
        All samples
      </Button>
    </div>
  );
}
