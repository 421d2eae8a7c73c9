// What changed outside of the run, in words.
import type { OutdatedReply } from "../events";
import { plural } from "../format";

export function outdatedText({ added, deleted, relabelled }: OutdatedReply): string {
  const parts = [
    added ? `${plural(added, "sample")} added` : "",
    deleted ? `${plural(deleted, "sample")} deleted` : "",
    relabelled ? `${plural(relabelled, "label")} changed outside of this panel` : "",
  ].filter(Boolean);
  return parts.join(", ");
}
