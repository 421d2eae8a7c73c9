// What the App narrows its samples by: the one rule for all of the panel.
import * as fos from "@fiftyone/state";
import { useRecoilValue } from "recoil";

/** The App's view, its filters, and what its panels narrow further, as JSON: equal where all are. */
export function useCurrentView(): string {
  return JSON.stringify([
    useRecoilValue(fos.view),
    useRecoilValue(fos.filters),
    useRecoilValue(fos.extendedStages),
  ]);
}

/** Whether anything of the App narrows what is shown. */
export function narrows(view: string): boolean {
  const parts: unknown[] = JSON.parse(view);
  return parts.some((part) => (part ? Object.keys(part as object).length > 0 : false));
}
