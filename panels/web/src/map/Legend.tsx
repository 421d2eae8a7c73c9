// What the map's colours mean.
import * as React from "react";
import { count } from "../format";
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
        <span>{map.low.toFixed(2)}</span>
        <span
          className="dcf-ramp"
          style={{ background: `linear-gradient(to right, ${colours.join(",")})` }}
        />
        <span>{map.high.toFixed(2)}</span>
      </div>
    );
  }
  return (
    <ul className="dcf-map-legend" aria-label="Colours">
      {map.names.slice(0, MOST).map((name, at) => (
        <li key={name}>
          <span className="dcf-swatch" style={{ background: colours[at] }} />
          <bdi>{name}</bdi>
        </li>
      ))}
      {map.names.length > MOST && <li>and {count(map.names.length - MOST)} more</li>}
    </ul>
  );
}
