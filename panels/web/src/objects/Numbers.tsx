// What is known of an object besides its picture.
import * as React from "react";
import type { ObjectInfo } from "../events";
import { percent } from "../format";
import { useNames } from "./names";
import { inPixels } from "./place";

const KINDS: Record<string, string> = {
  class: "another class",
  spurious: "nothing there",
  placement: "badly placed",
  missing: "no label",
};

export const kindOf = (kind: string) => KINDS[kind] ?? kind;

export function Numbers({ object }: { object: ObjectInfo }) {
  const names = useNames();
  const { box, seen, current_box: now } = object;
  const size = (of: ObjectInfo["box"]) => {
    if (!of || !object.width) return null;
    const { width, height } = inPixels(of, object);
    return `${width} × ${height}`;
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
            <bdi>{object.current_label || "none"}</bdi> (changed since this iteration)
          </dd>
        </>
      )}
      {moved && (
        <>
          <dt>Outline now</dt>
          <dd className="dcf-warn">{size(now)} px (changed since this iteration)</dd>
        </>
      )}
      <dt>Likeliest error</dt>
      <dd>
        {kindOf(object.kind)}
        <span className="dcf-soft"> · suspicion {object.suspicion.toFixed(2)}</span>
      </dd>
      {box && (
        <>
          <dt>IoU</dt>
          <dd>
            {object.seen ? (
              object.iou.toFixed(2)
            ) : (
              <span className="dcf-soft">nothing to compare with</span>
            )}
          </dd>
        </>
      )}
      {seen && (
        <>
          <dt>Confidence</dt>
          <dd>{percent(object.confidence, 0)}</dd>
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
          {" "}
          px of {object.width} × {object.height}
        </span>
      </dd>
      {object.split && (
        <>
          <dt>Split</dt>
          <dd>{object.split}</dd>
        </>
      )}
      {object.tags.length > 0 && (
        <>
          <dt>Tags</dt>
          <dd>
            {object.tags.map((tag) => (
              <bdi key={tag} className="dcf-chip">
                {tag}
              </bdi>
            ))}
          </dd>
        </>
      )}
      <dt>File</dt>
      <dd className="dcf-path">
        <bdi>{object.filepath}</bdi>
      </dd>
    </dl>
  );
}
