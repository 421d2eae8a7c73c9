// What the map's colours mean.
import * as React from "react";
import { count, fixed } from "../format";
import { Name } from "../parts/Name";
import type { MapArrays } from "./arrays";

const MOST = 12;

interface Props {
  map: MapArrays;
  colours: string[];
  numeric: boolean;
}

export function Legend({ map, colours, numeric }: Props) {
  if (numeric) {
    return (
      <div className="dcf-map-legend">
        <span>{fixed(map.low, 2)}</span>
        <span
          className="dcf-ramp"
          style={{ background: `linear-gradient(to right, ${colours.join(",")})` }}
        />
        <span>{fixed(map.high, 2)}</span>
      </div>
    );
  }
  return (
    <ul className="dcf-map-legend" aria-label="Colours">
      {map.names.slice(0, MOST).map((name, at) => (
        <li key={name}>
          <span className="dcf-swatch" style={{ background: colours[at] }} />
          <Name>{name}</Name>
        </li>
      ))}
      {map.names.length > MOST && <li>and {count(map.names.length - MOST)} more</li>}
    </ul>
  );
}
