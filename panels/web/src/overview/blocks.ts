// Which rows are kept in the page while it is scrolled.
import { defaultRangeExtractor, type Range } from "@tanstack/react-virtual";

const BLOCK = 8;

/**
 * The rows of a range in whole blocks, so that most scrolled frames change nothing in the page.
 *
 * Whatever changes has the browser sort all of the App's layers anew, and each picture of FiftyOne's
 * grid is one: without a GPU that takes as long as two frames.
 */
export function inBlocks(range: Range): number[] {
  const first = Math.max(0, range.startIndex - range.overscan);
  const last = Math.min(range.count - 1, range.endIndex + range.overscan);
  return defaultRangeExtractor({
    ...range,
    startIndex: Math.floor(first / BLOCK) * BLOCK,
    endIndex: Math.min(range.count - 1, Math.ceil((last + 1) / BLOCK) * BLOCK - 1),
    overscan: 0,
  });
}
