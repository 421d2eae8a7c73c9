// One group: its images side by side, which one to keep, and where two of them differ.
import { Button } from "@mui/material";
import * as React from "react";
import { ask } from "../ask";
import type { DifferenceReply, DuplicateGroup } from "../events";
import { count, fixed, pixels } from "../format";
import { isNumber, orNull, useKept } from "../kept";
import { Name } from "../parts/Name";
import { TilePicture } from "../parts/PictureGrid";
import { PictureSize } from "../parts/PictureSize";
import { PIXELS_FROM } from "../parts/pixels";
import { sideToFit, useCtrlWheel } from "../parts/sizes";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";
import type { Member } from "./groups";

interface Props {
  group: DuplicateGroup;
  members: readonly Member[];
  keep: number;
  differ: boolean;
  /** Whether its members are labels of one image, which are not compared pixel by pixel. */
  boxed: boolean;
  /** Small ones, shown until the large ones are there. */
  small: Thumbnails;
  thumbnails: Thumbnails;
  onKeep: (row: number) => void;
  onDiffer: () => void;
}

const GAP = 8;
/** What a card has around its picture: edges; edges and three lines of text. */
const AROUND = { width: 20, height: 82 };
/** Heading, notes and buttons above and below the cards. */
const OTHERS = 150;
const LEAST = 72;
const MOST = 512;

/** The room that the cards may fill: the width they have, the height of what scrolls around them. */
function useRoom(element: React.RefObject<HTMLElement | null>) {
  const [room, setRoom] = React.useState({ width: 500, height: 400 });
  React.useLayoutEffect(() => {
    const scroller = element.current?.closest(".dcf-groupscroll");
    if (!element.current || !scroller) return;
    const observer = new ResizeObserver(() => {
      const width = element.current?.clientWidth ?? 0;
      setRoom({ width, height: scroller.clientHeight - OTHERS });
    });
    observer.observe(element.current);
    observer.observe(scroller);
    return () => observer.disconnect();
  }, [element]);
  return room;
}

export function GroupView(props: Props) {
  const { group, members, keep, differ, boxed, small, thumbnails, onKeep, onDiffer } = props;
  const cards = React.useRef<HTMLDivElement>(null);
  const whole = React.useRef<HTMLDivElement>(null);
  const room = useRoom(cards);
  const [size, setSize] = useKept("duplicates/size", null, orNull(isNumber));
  const widest = Math.min(MOST, room.width - AROUND.width);
  const fit = Math.max(LEAST, Math.min(MOST, sideToFit(members.length, room, GAP, AROUND)));
  const side = Math.min(size ?? fit, widest);
  useCtrlWheel(whole, side, setSize);
  const other = members.find((member) => member.row !== keep)?.row ?? null;
  const [against, setAgainst] = React.useState<number | null>(null);
  const second = against !== null && against !== keep ? against : other;
  return (
    <div className="dcf-groupview" ref={whole}>
      <PictureSize size={side} onSize={setSize}>
        <Button size="small" disabled={size === null} onClick={() => setSize(null)}>
          Fit
        </Button>
      </PictureSize>
      <div
        ref={cards}
        className="dcf-members"
        role="radiogroup"
        aria-label={boxed ? "The label to keep" : "The image to keep"}
      >
        {members.map((member, at) => (
          // biome-ignore lint/a11y/useSemanticElements: a picture with text is no input
          <button
            key={member.row}
            type="button"
            role="radio"
            aria-checked={member.row === keep}
            className="dcf-member"
            style={{ width: side + AROUND.width }}
            onClick={() => onKeep(member.row)}
            onMouseEnter={() => setAgainst(member.row)}
            onFocus={() => setAgainst(member.row)}
          >
            <span className="dcf-member-picture" style={{ height: side }}>
              <TilePicture tile={thumbnails.get(member.row) ?? small.get(member.row)} side={side} />
            </span>
            <span className="dcf-member-text">
              {at < 9 && <kbd>{at + 1}</kbd>}
              <strong title={member.label}>
                <Name>{member.label || "no label"}</Name>
              </strong>
            </span>
            <span className="dcf-soft">
              {[
                member.split,
                `${pixels(member.width, member.height)}${boxed ? "\u00a0px" : ""}`,
                boxed && member.prediction !== member.label ? `seen: ${member.prediction}` : "",
                member.decision,
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
            <span className="dcf-member-keep">{member.row === keep ? "keep" : ""}</span>
          </button>
        ))}
      </div>
      {group.members > members.length && (
        <p className="dcf-note">
          {count(members.length)} of the {count(group.members)} {boxed ? "labels" : "images"} are
          shown; decisions concern{" "}
          {members.length + group.rest.length === group.members
            ? "all of them"
            : `the first ${count(members.length + group.rest.length)}`}
          .
        </p>
      )}
      <p className="dcf-note">
        {keep === group.proposal ? `Proposal: ${group.reason}.` : "Chosen by you."}
      </p>
      {!boxed && (
        <div className="dcf-differ">
          <Button size="small" onClick={onDiffer} aria-expanded={differ} aria-keyshortcuts="d">
            {differ ? "Hide the difference" : "Show the difference"}
          </Button>
          {differ && second !== null && (
            <Difference first={keep} second={second} width={room.width} />
          )}
        </div>
      )}
    </div>
  );
}

/** Three pictures beside each other. */
function Difference({ first, second, width }: { first: number; second: number; width: number }) {
  const { key } = useSession();
  const [reply, setReply] = React.useState<DifferenceReply | null>(null);
  const [failed, setFailed] = React.useState("");
  React.useEffect(() => {
    let current = true;
    setReply(null);
    ask("difference", { ...key, first, second, size: 256 }).then(
      (answer) => {
        if (!current) return;
        setReply(answer);
        setFailed(answer.problem);
      },
      (error) => current && setFailed(String(error.message ?? error)),
    );
    return () => {
      current = false;
    };
  }, [key, first, second]);
  if (failed) return <p className="dcf-hint">There is no picture of the difference: {failed}</p>;
  if (!reply) return <p className="dcf-hint">Comparing …</p>;
  const side = Math.floor(Math.min(320, Math.max(96, (width - 24) / 3)));
  const small = side / Math.max(reply.width, reply.height, 1) >= PIXELS_FROM;
  const picture = (source: string, alt: string) => (
    <figure style={{ width: side }}>
      <img
        src={source}
        alt={alt}
        className={small ? "dcf-pixels" : ""}
        style={{ width: side, height: side }}
        draggable={false}
      />
      <figcaption className="dcf-soft">{alt}</figcaption>
    </figure>
  );
  return (
    <div className="dcf-differ-pictures">
      {picture(reply.first, "to keep")}
      {picture(reply.second, "the other")}
      {reply.largest === 0
        ? picture(reply.difference, "equal in every pixel")
        : picture(
            reply.difference,
            `difference, ${fixed(reply.amplified, 1)} times · at most ${reply.largest} of 255`,
          )}
    </div>
  );
}
