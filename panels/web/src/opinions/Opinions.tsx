// Second opinions: who was asked what, how far two people agree, and what is to settle.
import { Button } from "@mui/material";
import * as React from "react";
import { ask, asProblem } from "../ask";
import type { OpinionInfo, OpinionsReply, Problem } from "../events";
import { count, fixed, plural } from "../format";
import { useNoun } from "../objects/names";
import { Name } from "../parts/Name";
import { useSession } from "../session";
import { AskForm, type Asking } from "./AskForm";

interface Props {
  reply: OpinionsReply | null;
  problem: Problem | null;
  onChanged: () => void;
  onOpen: (opinion: string, settle: boolean) => void;
}

export function Opinions({ reply, problem, onChanged, onOpen }: Props) {
  const { key, report } = useSession();
  const noun = useNoun();
  const [asking, setAsking] = React.useState(false);
  const put = ({ to, of, n }: Asking) => {
    setAsking(true);
    ask("opinion_ask", { ...key, to, decisions_of: of, n })
      .catch((error) => report("opinion_ask", asProblem(error)))
      .finally(() => {
        setAsking(false);
        onChanged();
      });
  };
  const people = reply?.people ?? [];
  const judged = people.filter((_, at) => reply?.decided[at]);
  return (
    <section className="dcf-card dcf-card-wide" aria-labelledby="dcf-opinions-title">
      <h3 id="dcf-opinions-title">Second opinions</h3>
      {problem && <p className="dcf-note">The requests cannot be read: {problem.message}</p>}
      {reply && reply.opinions.length > 0 && (
        <ul className="dcf-opinions">
          {reply.opinions.map((one) => (
            <One key={one.id} info={one} onOpen={onOpen} />
          ))}
        </ul>
      )}
      {judged.length > 0 ? (
        <AskForm people={people} judged={judged} busy={asking} onAsk={put} />
      ) : (
        <p className="dcf-note">
          Nobody has decided on anything yet.{" "}
          {noun === "sample"
            ? "In a cell, in the ranking or on the map"
            : "In a cell or the ranking"}{" "}
          selected {noun}s can be put to another person.
        </p>
      )}
      <p className="dcf-note">
        The other person judges them blind. Kappa is the agreement beyond chance: 1 is full, 0 what
        chance would give.
      </p>
    </section>
  );
}

/** How far two people agree, in words. */
export function agreementText({ kappa, low, high, agreed, compared }: OpinionInfo): string {
  if (!compared) return "nothing to compare yet";
  const alike = `${count(agreed)} of ${count(compared)} alike`;
  if (kappa === null) return `${alike}; of one class alone kappa says nothing`;
  const written = (value: number) => fixed(value, 2);
  return `kappa ${written(kappa)} (${written(low)} to ${written(high)}), ${alike}`;
}

function One({ info, onOpen }: { info: OpinionInfo; onOpen: Props["onOpen"] }) {
  const { to, about, judged, size, unclear, gone, waiting, disagreements, to_settle } = info;
  const noun = useNoun();
  const more = [
    unclear && `${plural(unclear, noun)} nobody could tell`,
    gone && `${count(gone)} deleted before an answer`,
  ];
  return (
    <li>
      <div className="dcf-opinion-text">
        <span>
          <strong>
            <Name>{to}</Name>
          </strong>{" "}
          <span className="dcf-soft">
            on <Name>{about}</Name>
          </span>
        </span>
        <span>
          {count(judged)} of {count(size)} judged: {agreementText(info)}
          {more.filter(Boolean).map((text) => `; ${text}`)}
        </span>
      </div>
      {waiting > 0 && (
        <Button size="small" variant="contained" onClick={() => onOpen(info.id, false)}>
          Answer {count(waiting)}
        </Button>
      )}
      {disagreements > 0 && (
        <Button size="small" onClick={() => onOpen(info.id, true)}>
          {to_settle ? `Settle ${count(to_settle)}` : `${plural(disagreements, "disagreement")}`}
        </Button>
      )}
    </li>
  );
}
