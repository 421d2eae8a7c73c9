// What changed outside of the run, in words.
import type { OutdatedReply } from "../events";
import { plural } from "../format";

export function outdatedText(changes: OutdatedReply): string {
  const { added, deleted, relabelled, labels_added, labels_deleted } = changes;
  const parts = [
    added ? `${plural(added, "sample")} added` : "",
    deleted ? `${plural(deleted, "sample")} deleted` : "",
    labels_added ? `${plural(labels_added, "label")} added` : "",
    labels_deleted ? `${plural(labels_deleted, "label")} deleted` : "",
    relabelled ? `${plural(relabelled, "label")} changed outside of this panel` : "",
  ].filter(Boolean);
  return parts.join(", ");
}
