// The queue of objects: one after the other, or all of an image at once.
import * as React from "react";
import { isFlag, useKept } from "../kept";
import { KeyButton } from "../parts/KeyButton";
import type { QueueProps } from "../queue/QueueFrame";
import { useSkippedElsewhere } from "../queue/useLine";
import { useShortcuts } from "../shortcuts";
import { ImageQueue } from "./ImageQueue";
import { useNoun } from "./names";
import { OneByOne } from "./OneByOne";

/** Whether the queue goes image by image; and what changes that. */
export const useByImage = () => useKept("objects/images", false, isFlag);

export function ObjectQueue(through: QueueProps) {
  const [byImage, setByImage] = useByImage();
  const takeAlong = useSkippedElsewhere(!byImage);
  const change = () => {
    takeAlong();
    setByImage(!byImage);
  };
  const boxes = useNoun() === "object";
  useShortcuts({ objectImages: boxes ? change : undefined });
  if (!boxes) return <OneByOne {...through} />;
  const Queue = byImage ? ImageQueue : OneByOne;
  return (
    <Queue
      {...through}
      tools={
        <KeyButton
          tip="objectImages"
          icon="grid"
          disabled={false}
          pressed={byImage}
          onClick={change}
        >
          Image by image
        </KeyButton>
      }
    />
  );
}
