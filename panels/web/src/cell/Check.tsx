// A random check of the selected samples of a cell, or of all of it, before they are decided on.
import * as React from "react";
import { ask } from "../ask";
import type { CheckBound } from "../events";
import { CheckDialog } from "../parts/CheckDialog";
import { Name } from "../parts/Name";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";

export const WORTH_A_CHECK = 40;

interface Props {
  /** Those that are meant, null for the whole cell. */
  rows: number[] | null;
  /** How many these are. */
  samples: number;
  label: number;
  prediction: number;
  thumbnails: Thumbnails;
  onDone: (rows: readonly number[]) => void;
  onClose: () => void;
}

export function Check({ rows, samples, label, prediction, thumbnails, onDone, onClose }: Props) {
  const { key, classes, resolve } = useSession();
  const becomes = label === prediction ? null : (classes[prediction] ?? "");
  const all = becomes ?? classes[label] ?? "";
  const decide = async (bound: CheckBound, exceptions: ReadonlySet<number>) => {
    const rest = rows?.filter((row) => !exceptions.has(row)) ?? null;
    const done = await resolve(becomes === null ? "confirm" : "relabel", rest, {
      ...(becomes === null ? {} : { label: becomes }),
      check: bound.check,
    });
    if (done) onDone(rest ?? []);
  };
  return (
    <CheckDialog
      samples={samples}
      question={
        <>
          those that are not “<Name>{all}</Name>”
        </>
      }
      draw={(size) => ask("check_draw", { ...key, label, prediction, rows, becomes, size })}
      act={becomes === null ? "Confirm" : "Relabel"}
      onDecide={decide}
      thumbnails={thumbnails}
      onClose={onClose}
    />
  );
}
