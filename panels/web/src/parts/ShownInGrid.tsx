// The way back after a cell was shown in FiftyOne's grid: its stage comes off the App's view again.
import * as fos from "@fiftyone/state";
import { Button } from "@mui/material";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { Icon } from "./Icon";

const SHOWN = "deconfuse-shown";
const isOurs = (stage: unknown) => (stage as { _uuid?: string } | null)?._uuid === SHOWN;

export function ShownInGrid() {
  const view = useRecoilValue(fos.view);
  const setView = fos.useSetView();
  const stages = view ?? [];
  if (!stages.some(isOurs)) return null;
  return (
    <div className="dcf-banner" role="status">
      <Icon name="grid" />
      <span>FiftyOne's grid shows a choice of this panel.</span>
      <Button size="small" onClick={() => setView(stages.filter((stage) => !isOurs(stage)))}>
        Back to the view before
      </Button>
    </div>
  );
}
