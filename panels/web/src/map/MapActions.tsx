// What can be done with samples chosen on the map, which may carry several labels and predictions.
import * as React from "react";
import { Action } from "../cell/Actions";
import type { SampleInfo } from "../events";
import { count } from "../format";
import { AskRemove, AskTag } from "../parts/Ask";
import { Choose } from "../parts/Choose";
import { useSession } from "../session";
import { useKeys } from "../shortcuts";

export const MOST_AT_ONCE = 20_000;

interface Props {
  rows: number[];
  /** The sample that is enlarged: its probable classes are offered first. */
  sample: SampleInfo | null;
  onDone: () => void;
  /** Gives each of them its own prediction, where that is offered. */
  onAccept?: (() => void) | undefined;
}

export function MapActions({ rows, sample, onDone, onAccept }: Props) {
  const { resolve, busy } = useSession();
  const [choosing, setChoosing] = React.useState<HTMLElement | null>(null);
  const [asking, setAsking] = React.useState<"tag" | "remove" | null>(null);
  const relabel = React.useRef<HTMLButtonElement>(null);
  const n = rows.length;
  const tooMany = n > MOST_AT_ONCE;
  const idle = n === 0 || busy || tooMany;
  const act = async (
    action: "confirm" | "relabel" | "remove" | "tag",
    option?: { label?: string; tag?: string },
  ) => {
    setChoosing(null);
    setAsking(null);
    if (await resolve(action, rows, option)) onDone();
  };
  const confirm = () => void act("confirm");
  const remove = () => (n > 1 ? setAsking("remove") : void act("remove"));
  useKeys(
    idle
      ? {}
      : {
          c: confirm,
          a: onAccept,
          r: () => setChoosing(relabel.current),
          x: remove,
          t: () => setAsking("tag"),
        },
  );
  return (
    <fieldset className="dcf-actions">
      <legend className="dcf-sr">Decide on the selected samples</legend>
      {tooMany && (
        <p className="dcf-note">At most {count(MOST_AT_ONCE)} samples at once; select fewer.</p>
      )}
      <Action tip="confirm" onClick={confirm} disabled={idle} icon="check" count={n} strong wide>
        Confirm {n === 1 ? "the label" : "their labels"}
      </Action>
      {onAccept && (
        <Action tip="accept" onClick={onAccept} disabled={idle} icon="accept" count={n} strong wide>
          {n === 1 ? "Accept the prediction" : "Accept the predictions"}
        </Action>
      )}
      <Action
        tip="relabel"
        buttonRef={relabel}
        onClick={() => setChoosing(relabel.current)}
        disabled={idle}
        icon="edit"
        count={n}
        wide
      >
        Relabel…
      </Action>
      <Action tip="tag" onClick={() => setAsking("tag")} disabled={idle} icon="tag" count={n}>
        Tag…
      </Action>
      <Action tip="remove" onClick={remove} disabled={idle} icon="remove" count={n} danger>
        Remove
      </Action>
      <Choose
        anchor={choosing}
        first={sample?.probabilities.map((p) => p.label) ?? []}
        samples={n}
        onChoose={(name) => void act("relabel", { label: name })}
        onClose={() => setChoosing(null)}
      />
      {asking === "tag" && (
        <AskTag
          samples={n}
          onTag={(tag) => void act("tag", { tag })}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "remove" && (
        <AskRemove
          samples={n}
          onRemove={() => void act("remove")}
          onClose={() => setAsking(null)}
        />
      )}
    </fieldset>
  );
}
