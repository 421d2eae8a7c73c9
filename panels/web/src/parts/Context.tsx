// What a sample is judged beside: typical images of its label and its prediction, and its neighbours.
import * as React from "react";
import type { ContextReply } from "../events";
import { isFlag, useKept } from "../kept";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useAsk } from "../useAsk";
import { useThumbnails } from "../useThumbnails";
import { Icon, type IconName } from "./Icon";
import { KeyButton } from "./KeyButton";
import { Name } from "./Name";
import { TilePicture } from "./PictureGrid";

/** Who goes from picture to picture is not kept waiting. */
const AFTER_MS = 80;
const EDGE = 128;
const GAP = 6;
const BETWEEN = 20;
const DECIDED: Record<string, { icon: IconName; says: string }> = {
  confirmed: { icon: "check", says: "Confirmed" },
  relabeled: { icon: "edit", says: "Relabelled" },
  tagged: { icon: "tag", says: "Tagged" },
};
const LARGEST = 128;
/** What can still be told apart; below it there are more lines. */
const SMALLEST = 40;

/** How the three groups of 3, 3 and 6 pictures lie: side by side, two above one, or all below. */
export function arranged(width: number): { side: number; columns: 1 | 2 | 3 } {
  const fitting = (pictures: number, gaps: number, between: number) =>
    Math.floor((width - gaps * GAP - between * BETWEEN) / pictures);
  const [three, two, one] = [fitting(12, 9, 2), fitting(6, 4, 1), fitting(3, 2, 0)];
  if (three >= SMALLEST) return { side: Math.min(LARGEST, three), columns: 3 };
  if (two >= SMALLEST) return { side: Math.min(LARGEST, two), columns: 2 };
  return { side: Math.max(24, Math.min(LARGEST, one)), columns: 1 };
}

const useContextShown = () => useKept("context", false, isFlag);

/** Shows and hides the pictures to compare with. */
export function CompareButton() {
  const [shown, setShown] = useContextShown();
  const toggle = () => setShown(!shown);
  useShortcuts({ context: toggle });
  return (
    <KeyButton tip="context" icon="grid" disabled={false} pressed={shown} onClick={toggle}>
      Compare
    </KeyButton>
  );
}

/** The pictures to compare with, while they are wanted. */
export function Context({ row }: { row: number | null }) {
  const [shown] = useContextShown();
  if (!shown || row === null) return null;
  return (
    <section className="dcf-context" aria-label="To compare with">
      <Pictures row={row} />
    </section>
  );
}

function Pictures({ row }: { row: number }) {
  const { key, classes, overview } = useSession();
  const { reply, problem } = useAsk("context", { ...key, row }, [overview.revision], {
    after: AFTER_MS,
  });
  const [box, width] = useWidth();
  const here = reply?.row === row ? reply : null;
  const { side, columns } = arranged(width);
  if (problem)
    return <p className="dcf-hint">Nothing to compare with could be found: {problem.message}</p>;
  return (
    <div
      ref={box}
      className="dcf-context-groups"
      data-row={here?.row}
      aria-busy={!here}
      style={{ "--dcf-tile": `${side}px`, "--dcf-columns": columns } as React.CSSProperties}
    >
      {width > 0 && <Groups reply={here} side={side} name={(label) => classes[label] ?? ""} />}
    </div>
  );
}

interface GroupsProps {
  /** Null while it is on its way. */
  reply: ContextReply | null;
  side: number;
  name: (label: number) => string;
}

function Groups({ reply, side, name }: GroupsProps) {
  const thumbnails = useThumbnails(EDGE);
  React.useSyncExternalStore(thumbnails.subscribe, thumbnails.snapshot);
  React.useEffect(() => {
    if (reply) thumbnails.want(reply.samples.row);
  }, [thumbnails, reply]);
  const at = new Map(reply?.samples.row.map((row, index) => [row, index]));
  const known = (row: number) => {
    const index = at.get(row) ?? -1;
    return {
      now: reply?.samples.current_label[index] ?? "",
      decision: reply?.samples.decision[index] ?? "",
    };
  };
  const own = reply ? name(reply.label) : "";
  const other = reply ? name(reply.other) : "";
  const typical = (kind: "label" | "other", label: string, rows: readonly number[] | undefined) => (
    <Group
      kind={kind}
      title={
        <>
          Typical <Name>{label || "…"}</Name>
        </>
      }
    >
      {rows?.map((row) => {
        const { decision } = known(row);
        return (
          <Tile key={row} tile={thumbnails.get(row)} side={side} row={row}>
            {decision && <Decided kind={decision} />}
          </Tile>
        );
      })}
      {rows?.length === 0 && (
        <li className="dcf-context-none dcf-soft">
          No image of this class is predicted or confirmed.
        </li>
      )}
    </Group>
  );
  return (
    <>
      {typical("label", own, reply?.typical)}
      {typical("other", other, reply?.typical_other)}
      <Group kind="near" title="Nearest neighbours">
        {reply?.neighbours.map((row) => {
          const { now } = known(row);
          const mark = now === own ? " dcf-near-label" : now === other ? " dcf-near-other" : "";
          return (
            <Tile key={row} tile={thumbnails.get(row)} side={side} row={row}>
              <bdi className={`dcf-near${mark}`}>{now || "no label"}</bdi>
              {reply.alike.includes(row) && <span className="dcf-soft">near-duplicate</span>}
            </Tile>
          );
        })}
        {reply?.note && <li className="dcf-context-none dcf-soft">{reply.note}</li>}
      </Group>
    </>
  );
}

/** Which of them a person has judged: a sign, for a word is wider than a small picture. */
function Decided({ kind }: { kind: string }) {
  const sign = DECIDED[kind];
  if (!sign) return <span className="dcf-soft">{kind}</span>;
  return (
    <span className="dcf-soft" role="img" aria-label={sign.says} title={sign.says}>
      <Icon name={sign.icon} />
    </span>
  );
}

interface GroupProps {
  kind: "label" | "other" | "near";
  title: React.ReactNode;
  children: React.ReactNode;
}

function Group({ kind, title, children }: GroupProps) {
  const id = React.useId();
  return (
    <div className={`dcf-context-group dcf-context-${kind}`}>
      <h3 id={id}>{title}</h3>
      <ul aria-labelledby={id}>{children}</ul>
    </div>
  );
}

interface TileProps {
  row: number;
  side: number;
  tile: React.ComponentProps<typeof TilePicture>["tile"];
  children: React.ReactNode;
}

function Tile({ row, side, tile, children }: TileProps) {
  return (
    <li data-row={row}>
      <span className="dcf-context-picture">
        <TilePicture tile={tile} side={side} />
      </span>
      {children}
    </li>
  );
}

/** The width of what the ref is put on; 0 before it is known. */
function useWidth(): [React.RefCallback<HTMLElement>, number] {
  const [element, setElement] = React.useState<HTMLElement | null>(null);
  const [width, setWidth] = React.useState(0);
  React.useEffect(() => {
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, width];
}
