// Near-duplicates in groups: leaks first, then label conflicts, then the most alike.
import { Button, IconButton, ToggleButton, ToggleButtonGroup } from "@mui/material";
import * as React from "react";
import { usePaintedWhen } from "../acts/useShown";
import { ask, asProblem } from "../ask";
import type { DuplicateKind, DuplicateScope } from "../events";
import { count, fixed, plural } from "../format";
import { isIndex, oneOf, orNull, useKept, useKeptHere } from "../kept";
import { useNoun } from "../objects/names";
import { Icon } from "../parts/Icon";
import { NotYet } from "../parts/NotYet";
import { Outcome } from "../parts/Outcome";
import { Problem } from "../parts/Problem";
import { Waiting } from "../parts/States";
import { useSession } from "../session";
import { useShortcuts } from "../shortcuts";
import { useCurrentView } from "../useCurrentView";
import { useLaunch } from "../useLaunch";
import { useThumbnails } from "../useThumbnails";
import { GroupActions } from "./GroupActions";
import { GroupList } from "./GroupList";
import { GroupView } from "./GroupView";
import { Threshold } from "./Threshold";
import { useDuplicates } from "./useDuplicates";

const EDGE = 128;
/** Of labels on one object, which come with their boxes drawn and in this size alone. */
const BOXED_EDGE = 256;
/** As large as a picture of a group may be shown. */
const LARGE = 512;

export function DuplicatesScreen({ onBack }: { onBack: () => void }) {
  const { key, report, refresh } = useSession();
  const boxed = useNoun() === "object";
  const launch = useLaunch();
  const view = useCurrentView();
  const [kind, setKind] = useKept<DuplicateKind | null>(
    "duplicates/kind",
    null,
    orNull(oneOf("leak", "conflict", "alike")),
  );
  const [looked, setLooked] = React.useState<number | null>(null);
  const [scope, setScope] = React.useState<DuplicateScope | null>(null);
  const [at, setAt] = useKeptHere("duplicates/at", 0, isIndex);
  const [chosen, setChosen] = React.useState<{ group: string; row: number } | null>(null);
  const [differ, setDiffer] = React.useState(false);
  const thumbnails = useThumbnails(boxed ? BOXED_EDGE : EDGE);
  const whole = useThumbnails(LARGE);
  const large = boxed ? thumbnails : whole;
  React.useSyncExternalStore(thumbnails.subscribe, thumbnails.snapshot);
  React.useSyncExternalStore(large.subscribe, large.snapshot);
  const { groups, problem, more, again } = useDuplicates(
    { kind, threshold: looked, scope, view },
    thumbnails,
  );

  const list = groups?.list ?? [];
  const place = Math.min(at, Math.max(0, list.length - 1));
  const group = list[place] ?? null;
  const members = React.useMemo(
    () => (group?.rows ?? []).flatMap((row) => groups?.members.get(row) ?? []),
    [group, groups],
  );
  const next = list[place + 1];
  React.useEffect(() => {
    if (group && !boxed) large.want([...group.rows, ...(next?.rows ?? [])]);
  }, [large, group, next, boxed]);
  const drawn = members.length > 0 && members.every(({ row }) => large.get(row) !== undefined);
  const shown = usePaintedWhen(drawn && group ? `${group.id} ${groups?.reply.revision}` : null);
  const keep = group && chosen?.group === group.id ? chosen.row : (group?.proposal ?? -1);
  const pick = (row: number) => group && setChosen({ group: group.id, row });
  const go = (by: number) => setAt(Math.max(0, Math.min(list.length - 1, place + by)));
  useShortcuts({
    back: onBack,
    groupMove: (at) => go(at === 0 ? -1 : 1),
    groupDiffer: boxed ? undefined : () => setDiffer(!differ),
    groupPick: (at) => {
      const member = members[at];
      if (member) pick(member.row);
    },
  });

  const set = async (threshold: number, wanted: DuplicateScope) => {
    try {
      await ask("set_threshold", { run: key.run, threshold, scope: wanted });
      setLooked(null);
      setScope(null);
      again();
      await refresh();
    } catch (error) {
      report("set_threshold", asProblem(error));
    }
  };

  if (problem && !groups) return <Problem problem={problem} onRetry={again} onBack={onBack} />;
  if (!groups) return <Waiting text="Fetching the groups …" />;
  const { reply } = groups;
  if (!reply.computed)
    return (
      <>
        <NotYet
          icon="copies"
          title="Near-duplicates were not searched for yet"
          operator="find_duplicates"
          button="Find near-duplicates"
          busy="Comparing …"
          onBack={onBack}
        >
          Near-duplicates may have different labels (conflicts), or be in more than one split
          (leaks). The search takes seconds for thousands of images; its result is kept.
        </NotYet>
        <Outcome />
      </>
    );
  const { totals } = reply;
  const every: [DuplicateKind | "every", string, number | null][] = [
    ["every", "All", totals.groups],
    ["leak", "Leaks", reply.splits_note ? null : totals.leaks],
    ["conflict", boxed ? "Classes differ" : "Labels differ", totals.conflicts],
    ["alike", boxed ? "Same class" : "Alike", totals.alike],
  ];
  const kinds = boxed ? every.filter(([name]) => name !== "leak") : every;
  const alike = `${boxed ? "IoU" : "SSIM"} ${fixed(group?.ses ?? 0, 3)}`;
  return (
    <section
      className="dcf-cellscreen"
      aria-label={boxed ? "Labels on one object" : "Near-duplicates"}
    >
      <div className="dcf-tools dcf-tools-wrap">
        <ToggleButtonGroup
          size="small"
          exclusive
          value={kind ?? "every"}
          onChange={(_, value) => {
            if (!value) return;
            setKind(value === "every" ? null : value);
            setAt(0);
          }}
          aria-label="Which groups"
        >
          {kinds.map(([name, text, n]) => (
            <ToggleButton key={name} value={name}>
              {text}&nbsp;<span className="dcf-soft">{n === null ? "–" : count(n)}</span>
            </ToggleButton>
          ))}
        </ToggleButtonGroup>
        {boxed ? (
          <span className="dcf-soft">labels of one image that overlap by 80 % and more</span>
        ) : (
          <Threshold
            reply={reply}
            threshold={looked ?? reply.threshold}
            scope={scope ?? reply.scope}
            onLook={setLooked}
            onScope={setScope}
            onSet={() => void set(looked ?? reply.threshold, scope ?? reply.scope)}
            changed={looked !== null || scope !== null}
          />
        )}
      </div>
      {problem && (
        <p className="dcf-inline-problem" role="alert">
          {problem.message}
        </p>
      )}
      {reply.splits_note && <p className="dcf-note">{reply.splits_note}</p>}
      {reply.added > 0 && (
        <div className="dcf-banner" role="status">
          <Icon name="warn" />
          <span>{plural(reply.added, "sample")} not compared yet.</span>
          <Button size="small" onClick={() => void launch("find_duplicates")}>
            Compare them
          </Button>
        </div>
      )}
      {group ? (
        <div className="dcf-cellbody dcf-duplicates">
          <GroupList
            list={list}
            matching={reply.matching}
            at={place}
            thumbnails={thumbnails}
            onPick={setAt}
            onMore={more}
          />
          <div className="dcf-stage dcf-groupstage">
            <div className="dcf-groupscroll">
              <div className="dcf-group-head">
                <h2 className="dcf-title">
                  Group {count(place + 1)} of {count(reply.matching)}{" "}
                  {group.leak && <span className="dcf-badge dcf-badge-leak">across splits</span>}{" "}
                  {group.conflict && (
                    <span className="dcf-badge dcf-badge-conflict">
                      {boxed ? "classes differ" : "labels differ"}
                    </span>
                  )}{" "}
                  <span className="dcf-soft">{group.exact && !boxed ? "exact copies" : alike}</span>
                </h2>
                <div className="dcf-group-steps">
                  <IconButton
                    size="small"
                    aria-label="Previous group"
                    disabled={place === 0}
                    onClick={() => go(-1)}
                  >
                    <Icon name="left" />
                  </IconButton>
                  <IconButton
                    size="small"
                    aria-label="Next group"
                    disabled={place >= list.length - 1}
                    onClick={() => go(1)}
                  >
                    <Icon name="right" />
                  </IconButton>
                </div>
              </div>
              <GroupView
                key={group.id}
                group={group}
                members={members}
                keep={keep}
                differ={differ && !boxed}
                boxed={boxed}
                small={thumbnails}
                thumbnails={large}
                onKeep={pick}
                onDiffer={() => setDiffer(!differ)}
              />
            </div>
            <div className="dcf-decide">
              <GroupActions
                key={group.id}
                group={group}
                members={members}
                keep={keep}
                boxed={boxed}
                shown={shown}
              />
            </div>
          </div>
        </div>
      ) : (
        <NoneLeft
          settled={totals.settled}
          compared={reply.compared}
          boxed={boxed}
          onBack={onBack}
        />
      )}
      <Outcome />
    </section>
  );
}

interface NoneLeftProps {
  settled: number;
  compared: number;
  boxed: boolean;
  onBack: () => void;
}

function NoneLeft({ settled, compared, boxed, onBack }: NoneLeftProps) {
  return (
    <div className="dcf-screen">
      <Icon name="check" className="dcf-screen-icon" />
      <h3>No group left to review</h3>
      <p>
        {plural(compared, boxed ? "label" : "image")} compared
        {settled > 0 ? `, ${plural(settled, "group")} ${boxed ? "kept" : "reviewed"}` : ""}.{" "}
        {boxed
          ? "No other labels of one image overlap by 80 % and more."
          : "A lower threshold shows images that are less alike."}
      </p>
      <div className="dcf-screen-buttons">
        <Button onClick={onBack}>Back to the overview</Button>
      </div>
    </div>
  );
}
