// What is known of one sample besides its picture.
import * as React from "react";
import type { SampleInfo } from "../events";
import { fixed, pixels } from "../format";
import { useSession } from "../session";
import { Name } from "./Name";
import { Votes } from "./Votes";

export function Details({ sample }: { sample: SampleInfo }) {
  const { classes } = useSession();
  const moved = sample.current_label !== classes[sample.label];
  return (
    <dl className="dcf-details">
      {moved && (
        <>
          <dt>Label now</dt>
          <dd className="dcf-warn">
            <Name>{sample.current_label || "none"}</Name> (changed since this iteration)
          </dd>
        </>
      )}
      <dt>IIES</dt>
      <dd>
        {fixed(sample.iies, 3)}
        <span className="dcf-soft"> · suspicion {fixed(sample.suspicion, 2)}</span>
      </dd>
      <Votes votes={sample.votes} />
      <dt>Split</dt>
      <dd>{sample.split || <span className="dcf-soft">none</span>}</dd>
      <dt>Tags</dt>
      <dd>
        {sample.tags.length ? (
          sample.tags.map((tag) => (
            <bdi key={tag} className="dcf-chip">
              {tag}
            </bdi>
          ))
        ) : (
          <span className="dcf-soft">none</span>
        )}
      </dd>
      <dt>Size</dt>
      <dd>{sample.width ? pixels(sample.width, sample.height) : "unknown"}</dd>
      <dt>File</dt>
      <dd className="dcf-path">
        <Name>{sample.filepath}</Name>
      </dd>
    </dl>
  );
}
