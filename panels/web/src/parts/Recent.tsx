// The last decisions as a strip: a click on one takes it back, also where it is not the last.
import { Tooltip } from "@mui/material";
import * as React from "react";
import { useGate } from "../acts/useShown";
import type { Decided } from "../events";
import { count } from "../format";
import { useNoun } from "../objects/names";
import { useRecent } from "../recent";
import { useSession } from "../session";
import { FromTo } from "./FromTo";
import { Icon, type IconName } from "./Icon";
import { TilePicture } from "./PictureGrid";
import { nameOf, sides } from "./summary";

const SIDE = 32;
const ICONS: Record<string, IconName> = {
  relabel: "edit",
  confirm: "check",
  remove: "remove",
  tag: "tag",
  add: "accept",
  move: "fit",
  keep_all: "copies",
};

/** Of several samples how many: said in the name as well, which has to hold what is to be seen. */
const times = ({ samples }: Decided) => (samples > 1 ? ` × ${count(samples)}` : "");

/** What a narrow panel has no room for is beside: the wheel goes there. */
function aside(event: React.WheelEvent<HTMLElement>) {
  if (!event.deltaX) event.currentTarget.scrollLeft += event.deltaY;
}

export function Recent() {
  const { undo, busy } = useSession();
  const noun = useNoun();
  const { decisions, pictureOf } = useRecent();
  const { pass } = useGate(true);
  if (!decisions.length) return null;
  const takeBack = ({ decision }: Decided) => {
    if (pass(`undo ${decision}`, "nothing")) void undo(decision);
  };
  return (
    <section className="dcf-recent" aria-label="Last decisions">
      <span className="dcf-recent-name" title="Last decisions, click to undo">
        <Icon name="undo" />
        <span>Last decisions, click to undo</span>
      </span>
      <ol onWheel={aside}>
        {decisions.map((what) => (
          <li key={what.decision}>
            <Tooltip
              title={`Undo ${nameOf(what, noun)}${what.author ? `, by ${what.author}` : ""}`}
            >
              <button
                type="button"
                data-decision={what.decision}
                aria-label={`Undo ${nameOf(what, noun)}${times(what)}`}
                disabled={busy}
                onClick={() => takeBack(what)}
              >
                <span className="dcf-recent-picture">
                  <TilePicture tile={pictureOf(what.decision)} side={SIDE} />
                </span>
                <Icon name={ICONS[what.action] ?? "check"} />
                <FromTo {...sides(what)} />
                <span className="dcf-recent-count">{times(what)}</span>
              </button>
            </Tooltip>
          </li>
        ))}
      </ol>
    </section>
  );
}
