// A random check before many samples are decided at once: look at some, hear what holds for the rest.
import {
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  MenuItem,
  Select,
} from "@mui/material";
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { CheckBound, CheckReply, Problem as Said } from "../events";
import { count, percent, plural } from "../format";
import { TilePicture } from "../parts/PictureGrid";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";

export const WORTH_A_CHECK = 40;
const SIZES = [20, 30, 60, 100];

interface Props {
  rows: number[];
  label: number;
  prediction: number;
  thumbnails: Thumbnails;
  version: number;
  onDone: (rows: number[]) => void;
  onClose: () => void;
}

export function Check({ rows, label, prediction, thumbnails, onDone, onClose }: Props) {
  const { key, classes, resolve, busy } = useSession();
  const [size, setSize] = React.useState(30);
  const [check, setCheck] = React.useState<CheckReply | null>(null);
  const [exceptions, setExceptions] = React.useState<ReadonlySet<number>>(new Set());
  const [bound, setBound] = React.useState<CheckBound | null>(null);
  const [problem, setProblem] = React.useState<Said | null>(null);
  const becomes = label === prediction ? null : (classes[prediction] ?? "");
  const all = becomes ?? classes[label] ?? "";
  const rest = rows.filter((row) => !exceptions.has(row));

  const attempt = async (work: () => Promise<void>) => {
    try {
      setProblem(null);
      await work();
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  const draw = () =>
    attempt(async () => {
      const reply = await ask("check_draw", { ...key, label, prediction, rows, becomes, size });
      thumbnails.want(reply.rows);
      setCheck(reply);
    });
  const read = () =>
    attempt(async () => {
      if (!check) return;
      const request = { run: key.run, check: check.check, exceptions: [...exceptions] };
      setBound(await ask("check_read", request));
    });
  const decide = async () => {
    if (!bound) return;
    const done = await resolve(becomes === null ? "confirm" : "relabel", rest, {
      ...(becomes === null ? {} : { label: becomes }),
      check: bound.check,
    });
    if (done) onDone(rest);
    onClose();
  };
  const toggle = (row: number) => {
    const next = new Set(exceptions);
    if (!next.delete(row)) next.add(row);
    setExceptions(next);
  };
  return (
    <Dialog open onClose={onClose} maxWidth="md" aria-labelledby="dcf-check-title">
      <DialogTitle id="dcf-check-title">
        Check some of {plural(rows.length, "sample")} first
      </DialogTitle>
      <DialogContent>
        {problem && (
          <p className="dcf-dialog-text" role="alert">
            {problem.message}
          </p>
        )}
        {!check && (
          <p className="dcf-dialog-text">
            Look at{" "}
            <Select
              size="small"
              variant="standard"
              value={size}
              onChange={(event) => setSize(Number(event.target.value))}
              inputProps={{ "aria-label": "Samples to check" }}
            >
              {SIZES.map((n) => (
                <MenuItem key={n} value={n}>
                  {n}
                </MenuItem>
              ))}
            </Select>{" "}
            drawn at random; they give an upper bound of the errors among the others.
          </p>
        )}
        {check && !bound && (
          <>
            <p className="dcf-dialog-text">
              Click the exceptions: those that are not “<bdi>{all}</bdi>”.
            </p>
            <div className="dcf-check">
              {check.rows.map((row, at) => (
                <button
                  key={row}
                  type="button"
                  className="dcf-check-tile"
                  aria-pressed={exceptions.has(row)}
                  aria-label={`Sample ${at + 1} of the check is an exception`}
                  onClick={() => toggle(row)}
                >
                  <TilePicture tile={thumbnails.get(row)} side={72} />
                </button>
              ))}
            </div>
          </>
        )}
        {bound && (
          <p className="dcf-dialog-text" role="status" data-testid="bound">
            {count(bound.checked)} looked at, {plural(bound.exceptions, "exception")}. With{" "}
            {percent(bound.confidence)} confidence at most{" "}
            <strong>{count(bound.most_wrong)}</strong> of the {count(bound.unchecked)} others are
            wrong too ({percent(bound.share, 1)}).
          </p>
        )}
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        {!check && (
          <Button variant="contained" onClick={() => void draw()}>
            Draw {size}
          </Button>
        )}
        {check && !bound && (
          <Button variant="contained" onClick={() => void read()}>
            {exceptions.size ? plural(exceptions.size, "exception") : "No exception"}
          </Button>
        )}
        {bound && (
          <Button variant="contained" disabled={busy} onClick={() => void decide()}>
            {becomes === null ? "Confirm" : "Relabel"} {plural(rest.length, "sample")}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
