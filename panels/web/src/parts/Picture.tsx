// One image, enlarged: small ones with their pixels visible, unreadable ones with the reason.
import * as React from "react";
import type { SampleInfo } from "../events";
import { useSession } from "../session";
import { Icon } from "./Icon";

export function Picture({ sample }: { sample: SampleInfo | null }) {
  const { classes } = useSession();
  if (!sample) return <div className="dcf-picture dcf-wait" aria-busy="true" />;
  if (!sample.image) {
    return (
      <div className="dcf-picture dcf-picture-broken" role="img" aria-label="Unreadable image">
        <Icon name="warn" />
        <span>This image cannot be shown: {sample.problem || "it is missing"}.</span>
      </div>
    );
  }
  // Digits of a few pixels are read pixel by pixel; small photographs are not.
  const small = Math.max(sample.width, sample.height) <= 16;
  return (
    <div className="dcf-picture">
      <img
        src={sample.image}
        alt={`Labelled ${sample.current_label}, predicted ${classes[sample.prediction]}`}
        className={small ? "dcf-pixels" : ""}
        draggable={false}
      />
    </div>
  );
}
