// The objects of the image in front: which is chosen, and what became of them since they were asked for.
import * as React from "react";
import type { ImageSuspects, ObjectAction } from "../events";
import { useSession } from "../session";
import { type Member, nextOpen, numberOf } from "./numbered";

/** What stands on an object after an act. */
const AFTER: Record<ObjectAction, string> = {
  relabel: "relabeled",
  confirm: "confirmed",
  remove: "removed",
  add: "added",
  move: "moved",
};

const NONE: ReadonlyMap<number, string> = new Map();
const NO_ROWS: ReadonlySet<number> = new Set();

/** `late`: whether the image was passed over before, and comes once more. */
export function useMembers(image: ImageSuspects | null, late: boolean) {
  const { outcome } = useSession();
  const [acted, setActed] = React.useState(NONE);
  // What was skipped is open again when its image comes again.
  const visit = `${image?.row}/${late}`;
  const [passed, setPassed] = React.useState({ visit, rows: NO_ROWS });
  const skipped = passed.visit === visit ? passed.rows : NO_ROWS;
  const [wanted, setWanted] = React.useState<{ image: number; row: number | null } | null>(null);
  /** Decided here, of which the next answer will tell. */
  const done = React.useRef(new Set<number>());
  const members = React.useMemo<Member[]>(
    () =>
      image?.rows.map((row, at) => ({
        row,
        decided: image.decided[at] || acted.get(row) || "",
        skipped: skipped.has(row),
      })) ?? [],
    [image, acted, skipped],
  );
  // A new answer tells what became of them.
  React.useEffect(() => {
    const told = new Set(image?.rows.filter((_, at) => image.decided[at]));
    for (const row of done.current) told.add(row);
    done.current.clear();
    const waits = ([row]: [number, string]) => !told.has(row);
    setActed((old) => ([...old].every(waits) ? old : new Map([...old].filter(waits))));
  }, [image]);
  const here = wanted !== null && wanted.image === image?.row ? wanted.row : null;
  const chosen = members.some(({ row }) => row === here) ? here : nextOpen(members, null);

  const choose = (row: number | null) => {
    if (image) setWanted({ image: image.row, row });
  };
  /** Goes to the next open one; what is shown as decided or skipped stays where it is. */
  const goOn = (row: number) => choose(nextOpen(members, row));
  // What is taken back is what somebody wants to see again, once its image is there.
  const bringing = React.useRef<number | null>(null);
  const before = React.useRef(outcome);
  React.useEffect(() => {
    if (before.current === outcome) return;
    before.current = outcome;
    if (outcome?.action !== "undo" || !outcome.reply?.applied) return;
    const row = outcome.reply.what?.rows[0];
    if (row === undefined || outcome.reply.what?.again) return;
    setActed((old) => new Map([...old].filter(([other]) => other !== row)));
    setPassed((old) => ({ ...old, rows: new Set([...old.rows].filter((other) => other !== row)) }));
    bringing.current = row;
  }, [outcome]);
  React.useEffect(() => {
    const row = bringing.current;
    const at = row === null || !image ? -1 : image.rows.indexOf(row);
    if (row === null || !image || at < 0 || image.decided[at]) return;
    bringing.current = null;
    setWanted({ image: image.row, row });
  }, [image]);

  const digits = React.useRef<{ number: number; at: number } | null>(null);
  return {
    members,
    /** The row of the chosen one; null where none is open any more. */
    chosen,
    choose,
    /** A digit: of many objects two of them are a number. */
    press: (digit: number) => {
      const at = performance.now();
      const number = numberOf(digit, digits.current, at, members.length);
      digits.current = { number: number ?? digit, at };
      const member = number === null ? undefined : members[number - 1];
      if (member) choose(member.row);
    },
    decided: (row: number, action: ObjectAction, work: Promise<boolean>) => {
      setActed((old) => new Map([...old, [row, AFTER[action]]]));
      goOn(row);
      void work.then((went) => {
        if (went) done.current.add(row);
        else setActed((old) => new Map([...old].filter(([other]) => other !== row)));
      });
    },
    skip: (row: number) => {
      setPassed({ visit, rows: new Set([...skipped, row]) });
      goOn(row);
    },
  };
}
