// What a decision changes: each side of it on a line that is shortened by itself, so that both are seen.
import * as React from "react";
import { Name } from "./Name";

interface Props {
  from: string;
  /** What it becomes; null where there is no other side, and two lines for the one. */
  to: string | null;
}

export function FromTo({ from, to }: Props) {
  if (to === null) return <Name className="dcf-fromto-one">{from}</Name>;
  return (
    <span className="dcf-fromto">
      <Name>{from}</Name>{" "}
      <span>
        → <Name>{to}</Name>
      </span>
    </span>
  );
}
