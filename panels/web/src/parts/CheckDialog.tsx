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
import type { Thing } from "../objects/names";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";
import { TilePicture } from "./PictureGrid";

const SIZES = [20, 30, 60, 100];
const USUAL = 30;
const MOST = 100;

/** How many can be looked at: of few also all. */
export const sizesOf = (samples: number): number[] => [
  ...SIZES.filter((n) => n < samples),
  ...(samples <= MOST ? [samples] : []),
];
/** Left and right of a picture, with its border. */
const FRAME = 12;

/** The fewer pictures there are, the larger each is. */
const sideOf = (pictures: number) =>
  pictures <= 6 ? 184 : pictures <= 15 ? 132 : pictures <= 30 ? 100 : 72;

interface Props<Drawn extends CheckReply> {
  /** How many samples are to be decided on. */
  samples: number;
  /** What each of them is called. */
  thing?: Thing;
  /** What an exception is. */
  question: React.ReactNode;
  draw: (size: number) => Promise<Drawn>;
  /** What is said under each picture, if anything. */
  caption?: (drawn: Drawn, at: number) => React.ReactNode;
  /** What the last button says. */
  act: string;
  /** Decides on all but the exceptions; closes the dialog afterwards. */
  onDecide: (bound: CheckBound, exceptions: ReadonlySet<number>) => Promise<void>;
  thumbnails: Thumbnails;
  onClose: () => void;
}

export function CheckDialog<Drawn extends CheckReply>(props: Props<Drawn>) {
  const {
    samples,
    thing = "sample",
    question,
    draw,
    caption,
    act,
    onDecide,
    thumbnails,
    onClose,
  } = props;
  const { key, busy } = useSession();
  const sizes = sizesOf(samples);
  const [size, setSize] = React.useState(sizes.includes(USUAL) ? USUAL : (sizes.at(-1) ?? samples));
  const [check, setCheck] = React.useState<Drawn | null>(null);
  const [exceptions, setExceptions] = React.useState<ReadonlySet<number>>(new Set());
  const [bound, setBound] = React.useState<CheckBound | null>(null);
  const [problem, setProblem] = React.useState<Said | null>(null);
  const [deciding, setDeciding] = React.useState(false);
  React.useSyncExternalStore(thumbnails.subscribe, thumbnails.snapshot);

  const attempt = async (work: () => Promise<void>) => {
    try {
      setProblem(null);
      await work();
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  const begin = () =>
    attempt(async () => {
      const reply = await draw(size);
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
    if (!bound || deciding) return;
    setDeciding(true);
    await attempt(async () => {
      await onDecide(bound, exceptions);
      onClose();
    });
    setDeciding(false);
  };
  const side = sideOf(check?.rows.length ?? 0);
  const toggle = (row: number) => {
    const next = new Set(exceptions);
    if (!next.delete(row)) next.add(row);
    setExceptions(next);
  };
  return (
    <Dialog open onClose={onClose} maxWidth="md" aria-labelledby="dcf-check-title">
      <DialogTitle id="dcf-check-title">Check some of {plural(samples, thing)} first</DialogTitle>
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
              {sizes.map((n) => (
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
            <p className="dcf-dialog-text">Click the exceptions: {question}.</p>
            <div
              className="dcf-check"
              style={{ "--dcf-check": `${side + FRAME}px` } as React.CSSProperties}
            >
              {check.rows.map((row, at) => (
                <button
                  key={row}
                  type="button"
                  className="dcf-check-tile"
                  aria-pressed={exceptions.has(row)}
                  aria-label={`${thing === "sample" ? "Sample" : "Label"} ${at + 1} of the check is an exception`}
                  onClick={() => toggle(row)}
                >
                  <TilePicture
                    tile={thumbnails.get(row)}
                    side={side}
                    deleted={thumbnails.deleted.has(row)}
                  />
                  {caption?.(check, at)}
                </button>
              ))}
            </div>
          </>
        )}
        {bound && (
          <p className="dcf-dialog-text" role="status" data-testid="bound">
            {count(bound.checked)} looked at, {plural(bound.exceptions, "exception")}.{" "}
            {bound.unchecked === 0 ? (
              "There are no others."
            ) : (
              <>
                With {percent(bound.confidence)} confidence at most{" "}
                <strong>{count(bound.most_wrong)}</strong> of the {count(bound.unchecked)} others
                are wrong too ({percent(bound.share, 1)}).
              </>
            )}
          </p>
        )}
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        {!check && (
          <Button variant="contained" onClick={() => void begin()}>
            Draw {size}
          </Button>
        )}
        {check && !bound && (
          <Button variant="contained" onClick={() => void read()}>
            {exceptions.size ? plural(exceptions.size, "exception") : "No exception"}
          </Button>
        )}
        {bound && (
          <Button variant="contained" disabled={busy || deciding} onClick={() => void decide()}>
            {act} {plural(samples - exceptions.size, thing)}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
