// What is known of an object besides its picture.
import * as React from "react";
import type { ObjectInfo } from "../events";
import { fixed, pixels, share } from "../format";
import { Name } from "../parts/Name";
import { Votes } from "../parts/Votes";
import { kindOf } from "./kinds";
import { useNames } from "./names";
import { inPixels } from "./place";

export function Numbers({ object }: { object: ObjectInfo }) {
  const names = useNames();
  const { box, seen, current_box: now } = object;
  const size = (of: ObjectInfo["box"]) => {
    if (!of || !object.width) return null;
    const { width, height } = inPixels(of, object);
    return pixels(width, height);
  };
  const moved =
    box !== null && now !== null && box.some((v, i) => Math.abs(v - (now[i] ?? 0)) > 1e-5);
  const other = box !== null && object.current_label !== names.label(object.label);
  return (
    <dl className="dcf-details">
      {other && (
        <>
          <dt>Label now</dt>
          <dd className="dcf-warn">
            <Name>{object.current_label || "none"}</Name> (changed since this iteration)
          </dd>
        </>
      )}
      {moved && (
        <>
          <dt>Outline now</dt>
          <dd className="dcf-warn">{size(now)} px (changed since this iteration)</dd>
        </>
      )}
      {names.thing === "tag" && (
        <Chips
          name="Also tagged"
          all={object.others.map((one) => one.label)}
          empty="nothing else"
        />
      )}
      <Votes votes={object.votes} />
      <dt>Likeliest error</dt>
      <dd>
        {kindOf(object.kind)}
        <span className="dcf-soft"> · suspicion {fixed(object.suspicion, 2)}</span>
      </dd>
      {box && (
        <>
          <dt>IoU</dt>
          <dd>
            {object.seen ? (
              fixed(object.iou, 2)
            ) : (
              <span className="dcf-soft">nothing to compare with</span>
            )}
          </dd>
        </>
      )}
      {(seen || names.thing === "tag") && (
        <>
          <dt>Confidence</dt>
          <dd>{share(object.confidence)}</dd>
        </>
      )}
      <dt>Size</dt>
      <dd>
        {box && (
          <span className="dcf-object-label">
            {size(box)} <span className="dcf-soft">label</span>
          </span>
        )}
        {box && seen && " · "}
        {seen && (
          <span className="dcf-object-prediction">
            {size(seen)} <span className="dcf-soft">predicted</span>
          </span>
        )}
        <span className="dcf-soft">
          {box || seen ? " px of " : ""}
          {pixels(object.width, object.height)}
          {!box && !seen && " px"}
        </span>
      </dd>
      {object.split && (
        <>
          <dt>Split</dt>
          <dd>{object.split}</dd>
        </>
      )}
      {object.tags.length > 0 && (
        <Chips name={names.thing === "tag" ? "Sample tags" : "Tags"} all={object.tags} />
      )}
      <dt>File</dt>
      <dd className="dcf-path">
        <Name>{object.filepath}</Name>
      </dd>
    </dl>
  );
}

interface ChipsProps {
  name: string;
  all: readonly string[];
  /** What is said where there are none. */
  empty?: string;
}

function Chips({ name, all, empty = "none" }: ChipsProps) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {all.map((one) => (
          <bdi key={one} className="dcf-chip">
            {one}
          </bdi>
        ))}
        {all.length === 0 && <span className="dcf-soft">{empty}</span>}
      </dd>
    </>
  );
}
