// A page of a ranking: what the score is, its threshold, what reaches it, and the other pages.
import * as React from "react";
import type { RankingReply } from "../events";
import { plural } from "../format";
import { useNoun } from "../objects/names";
import { Pages } from "../parts/Pages";
import { GridSize } from "../parts/PictureSize";
import type { RankingChoice } from "./choice";
import { NoSamples } from "./Nothing";
import { ScoreRange } from "./ScoreRange";
import { PAGE } from "./useRanking";

interface Props {
  reply: RankingReply;
  choice: RankingChoice;
  /** What a single value is called. */
  name: string;
  about: string;
  offset: number;
  onOffset: (offset: number) => void;
  onChoice: (choice: RankingChoice) => void;
  onBack: () => void;
  /** The pictures, where there are any. */
  children: React.ReactNode;
}

export function Ranked(props: Props) {
  const { reply, choice, name, about, offset, onOffset, onChoice, onBack, children } = props;
  const noun = useNoun();
  // Decisions can leave less than was there when this page was opened.
  const beyond = offset > 0 && offset >= reply.total;
  React.useEffect(() => {
    if (beyond) onOffset(0);
  }, [beyond, onOffset]);
  return (
    <>
      <div className="dcf-about">
        <p className="dcf-note">{about}</p>
        {reply.total > 0 && <GridSize />}
      </div>
      <ScoreRange
        key={choice.by}
        reply={reply}
        name={name}
        above={choice.above}
        onCommit={(above) => onChoice({ ...choice, above })}
      />
      {reply.total === 0 ? (
        <NoSamples reply={reply} choice={choice} onChoice={onChoice} onBack={onBack} />
      ) : (
        children
      )}
      <div className="dcf-under">
        <Pages
          offset={offset}
          page={PAGE}
          total={reply.total}
          order="highest first"
          before="Higher values"
          after="Lower values"
          onOffset={onOffset}
        />
        {reply.outside > 0 && reply.total > 0 && (
          <p className="dcf-note">
            {plural(reply.outside, `more open ${noun}`)} outside FiftyOne's current view.
          </p>
        )}
      </div>
    </>
  );
}
