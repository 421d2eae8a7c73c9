// One group: its images side by side, which one to keep, and where two of them differ.
import { Button } from "@mui/material";
import * as React from "react";
import { ask } from "../ask";
import type { DifferenceReply, DuplicateGroup } from "../events";
import { count } from "../format";
import { TilePicture } from "../parts/PictureGrid";
import { useSession } from "../session";
import type { Thumbnails } from "../thumbnails";
import type { Member } from "./groups";

interface Props {
  group: DuplicateGroup;
  members: readonly Member[];
  keep: number;
  differ: boolean;
  thumbnails: Thumbnails;
  onKeep: (row: number) => void;
  onDiffer: () => void;
}

export function GroupView({ group, members, keep, differ, thumbnails, onKeep, onDiffer }: Props) {
  const other = members.find((member) => member.row !== keep)?.row ?? null;
  const [against, setAgainst] = React.useState<number | null>(null);
  const second = against !== null && against !== keep ? against : other;
  return (
    <div className="dcf-groupview">
      <div className="dcf-members" role="radiogroup" aria-label="The image to keep">
        {members.map((member, at) => (
          // biome-ignore lint/a11y/useSemanticElements: a picture with text is no input
          <button
            key={member.row}
            type="button"
            role="radio"
            aria-checked={member.row === keep}
            className="dcf-member"
            onClick={() => onKeep(member.row)}
            onMouseEnter={() => setAgainst(member.row)}
            onFocus={() => setAgainst(member.row)}
          >
            <span className="dcf-member-picture">
              <TilePicture tile={thumbnails.get(member.row)} side={112} />
            </span>
            <span className="dcf-member-text">
              {at < 9 && <kbd>{at + 1}</kbd>}
              <strong>
                <bdi>{member.label || "no label"}</bdi>
              </strong>
            </span>
            <span className="dcf-soft">
              {[member.split, `${member.width} × ${member.height}`, member.decision]
                .filter(Boolean)
                .join(" · ")}
            </span>
            <span className="dcf-member-keep">{member.row === keep ? "keep" : ""}</span>
          </button>
        ))}
      </div>
      {group.members > members.length && (
        <p className="dcf-note">
          {count(members.length)} of the {count(group.members)} images are shown; decisions concern{" "}
          {members.length + group.rest.length === group.members
            ? "all of them"
            : `the first ${count(members.length + group.rest.length)}`}
          .
        </p>
      )}
      <p className="dcf-note">
        {keep === group.proposal ? `Proposal: ${group.reason}.` : "Chosen by you."}
      </p>
      <div className="dcf-differ">
        <Button size="small" onClick={onDiffer} aria-expanded={differ} aria-keyshortcuts="d">
          {differ ? "Hide the difference" : "Show the difference"}
        </Button>
        {differ && second !== null && <Difference first={keep} second={second} />}
      </div>
    </div>
  );
}

function Difference({ first, second }: { first: number; second: number }) {
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
  const small = Math.max(reply.width, reply.height) <= 32;
  const picture = (source: string, alt: string) => (
    <figure>
      <img src={source} alt={alt} className={small ? "dcf-pixels" : ""} draggable={false} />
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
            `difference, ${reply.amplified.toFixed(1)} times · at most ${reply.largest} of 255`,
          )}
    </div>
  );
}
