// Where the picture lies that is judged; it says which one it is, and whether it has been shown.
import * as React from "react";

interface Props {
  place: number;
  shown: boolean;
  children: React.ReactNode;
}

export function JudgedStage({ place, shown, children }: Props) {
  return (
    <div className="dcf-queue-stage">
      <div className="dcf-queue-picture" data-place={place} data-shown={shown || undefined}>
        {children}
      </div>
    </div>
  );
}
