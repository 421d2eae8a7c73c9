// One image, enlarged: small ones with their pixels visible, unreadable ones with the reason.
import * as React from "react";
import { usePainted } from "../acts/useShown";
import type { SampleInfo } from "../events";
import { useSession } from "../session";
import { Icon } from "./Icon";
import { usePixels } from "./pixels";

interface Props {
  sample: SampleInfo | null;
  /** Called with the row once its picture was painted. */
  onShown?: (row: number) => void;
}

export function Picture({ sample, onShown }: Props) {
  const { classes } = useSession();
  if (!sample) return <div className="dcf-picture dcf-wait" aria-busy="true" />;
  return (
    <Drawn
      // An element of its own: one that is reused shows the picture before until it has loaded.
      key={sample.row}
      picture={sample}
      problem={`This image cannot be shown: ${sample.problem || "it is missing"}.`}
      alt={`Labelled ${sample.current_label}, predicted ${classes[sample.prediction]}`}
      onShown={onShown && (() => onShown(sample.row))}
    />
  );
}

interface DrawnProps {
  picture: { image: string; width: number; height: number };
  problem: string;
  alt: string;
  onShown?: (() => void) | undefined;
}

/** One picture; give each a key of its own. */
export function Drawn({ picture, problem, alt, onShown }: DrawnProps) {
  const image = React.useRef<HTMLImageElement>(null);
  usePainted(image, onShown);
  const pixels = usePixels(image, picture);
  if (!picture.image) {
    return (
      <div className="dcf-picture dcf-picture-broken" role="img" aria-label="Unreadable image">
        <Icon name="warn" />
        <span>{problem}</span>
      </div>
    );
  }
  return (
    <div className="dcf-picture">
      <img
        ref={image}
        src={picture.image}
        alt={alt}
        className={pixels ? "dcf-pixels" : ""}
        draggable={false}
      />
    </div>
  );
}
