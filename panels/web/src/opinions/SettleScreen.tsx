// Where two people differ: each settled by a decision like any other.
import { Button, IconButton, Tooltip } from "@mui/material";
import * as React from "react";
import type { Disagreement, OpinionInfo } from "../events";
import { count } from "../format";
import { NOTHING_THERE, useNoun } from "../objects/names";
import { Choose, useChooser } from "../parts/Choose";
import { Icon } from "../parts/Icon";
import { Name } from "../parts/Name";
import { Outcome } from "../parts/Outcome";
import { Pages } from "../parts/Pages";
import { Problem } from "../parts/Problem";
import { Recent } from "../parts/Recent";
import { Waiting } from "../parts/States";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useAsk } from "../useAsk";
import { agreementText } from "./Opinions";

const PAGE = 24;
const SIZE = 192;

export function SettleScreen({ info, onBack }: { info: OpinionInfo; onBack: () => void }) {
  const { key, revision, settle, busy } = useSession();
  const [offset, setOffset] = React.useState(0);
  const asked = { run: key.run, opinion: info.id, offset, limit: PAGE, size: SIZE };
  const { reply, problem, retry } = useAsk("disagreements", asked, [revision]);
  useShortcuts({ back: onBack });
  if (!reply) {
    if (problem) return <Problem problem={problem} onRetry={retry} onBack={onBack} />;
    return <Waiting text="Fetching the disagreements …" />;
  }
  return (
    <section className="dcf-settle" aria-label="Disagreements">
      <header className="dcf-bar dcf-cellbar">
        <Tooltip title="Back to the progress (Esc)">
          <IconButton size="small" aria-label="Back to the progress" onClick={onBack}>
            <Icon name="back" />
          </IconButton>
        </Tooltip>
        <h2 className="dcf-title">
          <span>Disagreements with</span> <Name>{info.to}</Name>
        </h2>
        <span className="dcf-soft" role="status">
          {reply.to_settle ? `${count(reply.to_settle)} to settle` : "all settled"} of{" "}
          {count(reply.total)}
        </span>
      </header>
      {problem && (
        <p className="dcf-inline-problem" role="alert">
          {problem.message}
        </p>
      )}
      <p className="dcf-hint dcf-settle-note">
        {agreementText(info)}. What you choose is a decision like any other, which Undo takes back.
      </p>
      <ul className="dcf-settle-list">
        {reply.disagreements.map((one) => (
          <One
            key={one.place}
            one={one}
            second={info.to}
            busy={busy}
            onSettle={(label) =>
              void settle({ opinion: info.id, place: one.place, label, expected: one.now ?? "" })
            }
          />
        ))}
      </ul>
      <Pages
        offset={offset}
        page={PAGE}
        total={reply.total}
        order="those to settle first"
        before="Before"
        after="After"
        onOffset={setOffset}
      />
      <Outcome />
      <Recent />
    </section>
  );
}

interface OneProps {
  one: Disagreement;
  second: string;
  busy: boolean;
  onSettle: (label: string) => void;
}

function One({ one, second, busy, onSettle }: OneProps) {
  const { classes } = useSession();
  const noun = useNoun();
  const other = React.useRef<HTMLButtonElement>(null);
  const chooser = useChooser(one.place);
  const gone = one.now === null;
  const names = [one.first, one.second];
  if (one.now !== null && one.relabelled && !names.includes(one.now)) names.push(one.now);
  // On objects no name says that nothing is there, which may be right whatever both said.
  if (noun !== "sample" && !names.includes("")) names.push("");
  const called = (name: string | null) => name || (noun === "sample" ? "" : NOTHING_THERE);
  const first = one.first || noun === "sample" ? `Labelled ${one.first}` : "No label";
  return (
    <li className={one.settled || gone ? "dcf-settled" : undefined}>
      {one.image ? (
        <img src={one.image} alt={`${first}, ${second} said ${called(one.second)}`} />
      ) : (
        <span className="dcf-broken">{gone ? "deleted" : "unreadable"}</span>
      )}
      <div className="dcf-settle-text">
        <span>
          {one.first || noun === "sample" ? "Labelled " : ""}
          <strong>
            <Name>{one.first || first}</Name>
          </strong>
          , <Name>{second}</Name> said{" "}
          <strong>
            <Name>{called(one.second)}</Name>
          </strong>
        </span>
        {gone && <span className="dcf-warn">Deleted meanwhile: nothing to settle.</span>}
        {!gone && one.relabelled && !one.settled && (
          <span className="dcf-warn">
            Relabelled meanwhile: it is <Name>{called(one.now)}</Name> now.
          </span>
        )}
        {one.settled && !gone && (
          <span className="dcf-soft">
            Settled: <Name>{called(one.now)}</Name>
          </span>
        )}
        {!gone && !one.settled && (
          <div className="dcf-card-buttons">
            {names.map((name) => (
              <Button
                key={name}
                size="small"
                variant="outlined"
                className="dcf-button"
                disabled={busy}
                onClick={() => onSettle(name)}
              >
                <span className="dcf-button-text">
                  <Name>{called(name)}</Name>
                </span>
              </Button>
            ))}
            {noun !== "tag" && (
              <Button
                size="small"
                ref={other}
                disabled={busy}
                onClick={() => chooser.open(other.current)}
              >
                Other…
              </Button>
            )}
            <Choose
              anchor={chooser.anchor}
              first={names.flatMap((name) => {
                const at = classes.indexOf(name);
                return at < 0 ? [] : [at];
              })}
              samples={1}
              onChoose={(label) => chooser.take(() => onSettle(label))}
              onClose={chooser.close}
            />
          </div>
        )}
      </div>
    </li>
  );
}
