// How far the run is: errors left with their interval, the target, the iterations.
import { Button } from "@mui/material";
import * as React from "react";
import { type AnnotatorActs, Annotators } from "../annotators/Annotators";
import { Consensus } from "../annotators/Consensus";
import type { AuditReply } from "../events";
import { count, plural } from "../format";
import { isFlag, useKept, useKeptHere } from "../kept";
import { useNames } from "../objects/names";
import { OpinionScreen } from "../opinions/OpinionScreen";
import { Opinions } from "../opinions/Opinions";
import { SettleScreen } from "../opinions/SettleScreen";
import { useOpinions } from "../opinions/useOpinions";
import { Name } from "../parts/Name";
import { Outcome } from "../parts/Outcome";
import { Problem } from "../parts/Problem";
import { Waiting } from "../parts/States";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { AuditScreen } from "./AuditScreen";
import { SizeChoice, Waited } from "./Draw";
import { Importance } from "./Importance";
import { IntervalBar } from "./IntervalBar";
import { Iterations } from "./Iterations";
import { LeftOfObjects } from "./LeftOfObjects";
import { ObjectAuditScreen } from "./ObjectAuditScreen";
import { ReportCard } from "./ReportButton";
import { Target } from "./Target";
import { type Audit, useAudit } from "./useAudit";

const SIZES = [50, 100, 200, 500, 1000];
const isSize = (value: unknown): value is number => SIZES.includes(value as number);

const COUNTED =
  "Counted are labels, and missing objects that were proposed: not what nobody proposed.";

interface Props {
  onBack: () => void;
  /** Shows the most important samples of a class, or of all. */
  onRank: (label: number | null) => void;
  /** What can be done about an annotator. */
  annotators: AnnotatorActs;
}

export function ProgressScreen({ onBack, onRank, annotators }: Props) {
  const { iteration } = useSession();
  const audit = useAudit();
  const [judging, setJudging] = useKeptHere("progress/judging", false, isFlag);
  const opinions = useOpinions();
  const leave = () => {
    if (judging) setJudging(false);
    else if (opinions.open) opinions.close();
    else onBack();
  };
  useShortcuts({ back: leave });
  const { reply } = audit;
  if (!reply) {
    if (audit.problem)
      return <Problem problem={audit.problem} onRetry={audit.retry} onBack={onBack} />;
    return <Waiting text="Reading the audit …" />;
  }
  const Judging = reply.objects ? ObjectAuditScreen : AuditScreen;
  const onJudge = () => setJudging(true);
  if (judging && reply.audit) {
    return (
      <Judging
        info={reply.audit}
        onBack={() => {
          setJudging(false);
          audit.retry();
        }}
      />
    );
  }
  if (opinions.open) {
    const Screen = opinions.settling ? SettleScreen : OpinionScreen;
    return <Screen info={opinions.open} onBack={opinions.close} />;
  }
  return (
    <section className="dcf-progress-screen" aria-label="Progress of the run">
      {audit.problem && (
        <p className="dcf-inline-problem" role="alert">
          {audit.problem.message}
        </p>
      )}
      <div className="dcf-cards">
        {iteration.objects ? (
          <LeftOfObjects audit={audit} reply={reply} onJudge={onJudge} />
        ) : (
          <Left audit={audit} reply={reply} onJudge={onJudge} />
        )}
        <Target
          audit={audit}
          target={reply.target}
          audits={reply.audit?.number ?? 0}
          {...(iteration.objects && { counts: COUNTED })}
        />
        {iteration.objects ? (
          <>
            <ReportCard />
            <Annotators {...annotators} />
            <Consensus />
            <Opinions {...opinions.card} />
          </>
        ) : (
          <>
            <Iterations />
            <Annotators {...annotators} />
            <Consensus />
            <Opinions {...opinions.card} />
            <Importance onRank={onRank} />
          </>
        )}
        <Parts reply={reply} />
      </div>
      <Outcome />
    </section>
  );
}

interface LeftProps {
  audit: Audit;
  reply: AuditReply;
  onJudge: () => void;
}

function Left({ audit, reply, onJudge }: LeftProps) {
  const [size, setSize] = useKept("audit/size", 200, isSize);
  const { audit: info, estimate } = reply;
  const open = info?.state === "open";
  return (
    <section className="dcf-card" aria-labelledby="dcf-left-title">
      <h3 id="dcf-left-title">Wrong labels left</h3>
      {estimate && info ? (
        <>
          <p className="dcf-big" data-testid="left">
            about {count(estimate.left.point)}{" "}
            <span className="dcf-soft">
              ({count(estimate.left.low)} to {count(estimate.left.high)})
            </span>
          </p>
          <IntervalBar value={estimate.left} most={Math.max(estimate.at_draw.high, 1)} />
          <p className="dcf-note">
            95 % interval, from {plural(estimate.judged, "sample")} of {count(info.population)},
            judged with their labels hidden. {plural(estimate.found, "wrong label")} found in this
            run so far.
            {estimate.unclear.point > 0 &&
              ` For about ${plural(estimate.unclear.point, "sample")} nobody could tell.`}
          </p>
        </>
      ) : (
        <p className="dcf-note">
          {info
            ? "Too few verdicts for an estimate: judge more of the audit."
            : "Unknown before an audit: open samples drawn at random, judged with their labels hidden. The classifier's own count is biased, since it has learnt some of the errors."}
        </p>
      )}
      {open && info ? (
        <Waited audit={audit} info={info} what="sample" onJudge={onJudge} />
      ) : (
        <div className="dcf-card-buttons">
          <SizeChoice
            value={size}
            sizes={SIZES}
            what="sample"
            name="Samples in the audit"
            onChange={setSize}
          />
          <Button
            variant="contained"
            size="small"
            disabled={audit.busy}
            onClick={() => void audit.draw(size).then((drawn) => drawn && onJudge())}
          >
            {info ? "Draw another audit" : "Draw an audit"}
          </Button>
        </div>
      )}
    </section>
  );
}

function Parts({ reply }: { reply: AuditReply }) {
  const names = useNames();
  const parts = reply.estimate?.parts ?? [];
  if (!parts.length) return null;
  return (
    <section className="dcf-card dcf-card-wide" aria-labelledby="dcf-parts-title">
      <h3 id="dcf-parts-title">Where they are</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="dcf-table-frame" aria-label="Where they are, a table" tabIndex={0}>
        <table className="dcf-table">
          <thead>
            <tr>
              <th scope="col">Label</th>
              <th scope="col">Prediction</th>
              <th scope="col">Judged</th>
              <th scope="col">{reply.objects ? "Errors left" : "Wrong labels left"}</th>
            </tr>
          </thead>
          <tbody>
            {parts.map((part) => (
              <tr key={`${part.label}/${part.prediction}`}>
                <td>
                  <Name>{names.label(part.label)}</Name>
                </td>
                <td>
                  {part.prediction === null ? (
                    <span className="dcf-soft">any</span>
                  ) : (
                    <Name>{names.prediction(part.prediction)}</Name>
                  )}
                </td>
                <td>{count(part.judged)}</td>
                <td>
                  {count(part.left.point)}{" "}
                  <span className="dcf-soft">
                    ({count(part.left.low)} to {count(part.left.high)})
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="dcf-note">
        Each with a 95 % interval of its own, none of which ends above the total's. They do not add
        up to it.
      </p>
    </section>
  );
}
