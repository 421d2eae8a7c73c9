// Errors left among objects: of labels and candidates by their number, of all else by whole images.
import { Button } from "@mui/material";
import * as React from "react";
import type { AuditReply, LeftOfKind, Range } from "../events";
import { count, plural } from "../format";
import { useKept } from "../kept";
import { SizeChoice, Waited } from "./Draw";
import { IntervalBar } from "./IntervalBar";
import type { Audit } from "./useAudit";

const SIZES = [50, 100, 200, 500, 1000];
const IMAGES = [0, 20, 50, 100, 200, 500];
const among =
  (sizes: readonly number[]) =>
  (value: unknown): value is number =>
    sizes.includes(value as number);

const NAMES: Record<LeftOfKind["kind"], string> = {
  class: "Labels of a wrong class",
  spurious: "Labels where nothing is",
  placement: "Labels placed badly",
  candidate: "Missing, and proposed by a detector",
  unproposed: "Missing, and proposed by none",
};

interface Props {
  audit: Audit;
  reply: AuditReply;
  onJudge: () => void;
}

export function LeftOfObjects({ audit, reply, onJudge }: Props) {
  const [size, setSize] = useKept("audit/size", 200, among(SIZES));
  const [images, setImages] = useKept("audit/images", 50, among(IMAGES));
  const { audit: info, estimate, objects } = reply;
  return (
    <section className="dcf-card dcf-card-wide" aria-labelledby="dcf-left-title">
      <h3 id="dcf-left-title">Errors left</h3>
      {estimate && info && objects && (
        <>
          <p className="dcf-big" data-testid="left">
            about {count(estimate.left.point)} wrong labels <Ends value={estimate.left} />
          </p>
          <IntervalBar value={estimate.left} most={Math.max(estimate.at_draw.high, 1)} />
          <p className="dcf-note">
            95 % interval, from {plural(estimate.judged, "outline")}, judged with nothing that tells
            whose they are. {plural(estimate.found, "error")} found in this run so far.
            {estimate.unclear.point > 0 &&
              ` Of about ${plural(estimate.unclear.point, "outline")} nobody could tell.`}
          </p>
        </>
      )}
      {objects && objects.kinds.length > 0 && <Kinds kinds={objects.kinds} />}
      {(!estimate || !objects?.kinds.length) && (
        <p className="dcf-note">
          {info
            ? "Too few verdicts for an estimate of labels: judge more of the audit."
            : "Unknown before an audit: outlines of labels and of proposed objects, drawn at random and judged without being told which is which, and whole images, which tell what nobody proposed."}
        </p>
      )}
      {info?.state === "open" ? (
        <Waited audit={audit} info={info} what="place" onJudge={onJudge} />
      ) : (
        <div className="dcf-card-buttons">
          <SizeChoice
            value={size}
            sizes={SIZES}
            what="outline"
            name="Outlines in the audit"
            onChange={setSize}
          />
          <SizeChoice
            value={images}
            sizes={IMAGES}
            what="whole image"
            name="Whole images in the audit"
            onChange={setImages}
          />
          <Button
            variant="contained"
            size="small"
            disabled={audit.busy}
            onClick={() => void audit.draw(size, images).then((drawn) => drawn && onJudge())}
          >
            {info ? "Draw another audit" : "Draw an audit"}
          </Button>
        </div>
      )}
    </section>
  );
}

const Ends = ({ value }: { value: Range }) => (
  <span className="dcf-soft">
    ({count(value.low)} to {count(value.high)})
  </span>
);

function populationOf({ kind, population }: LeftOfKind): string {
  if (kind === "unproposed") return `looked for in ${plural(population, "image")}`;
  return kind === "candidate" ? plural(population, "candidate") : plural(population, "label");
}

function Kinds({ kinds }: { kinds: readonly LeftOfKind[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className="dcf-table-frame" aria-label="Errors left by kind" tabIndex={0}>
      <table className="dcf-table">
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Left</th>
            <th scope="col">Among</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((one) => (
            <tr key={one.kind} data-kind={one.kind}>
              <td>{NAMES[one.kind]}</td>
              <td>
                {count(one.left.point)} <Ends value={one.left} />
              </td>
              <td className="dcf-soft">{populationOf(one)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
