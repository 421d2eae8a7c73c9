// What can be done with a group, each a decision that can be taken back.
import { Button, Tooltip } from "@mui/material";
import * as React from "react";
import { drop } from "../acts/dropped";
import { useGate } from "../acts/useShown";
import type { DuplicateGroup, GroupAction } from "../events";
import { count } from "../format";
import { AskRemove } from "../parts/Ask";
import { Choose } from "../parts/Choose";
import { Icon, type IconName } from "../parts/Icon";
import { useSession } from "../session";
import { SHORTCUTS, useShortcuts } from "../shortcuts";
import { labelsOf, type Member } from "./groups";

interface Props {
  group: DuplicateGroup;
  members: readonly Member[];
  keep: number;
  /** Whether its members are labels of one image: one is kept, or all are. */
  boxed: boolean;
  /** Whether all its images have been drawn. */
  shown: boolean;
}

export function GroupActions({ group, members, keep, boxed, shown }: Props) {
  const { classes, decideGroup, busy } = useSession();
  const [choosing, setChoosing] = React.useState<HTMLElement | null>(null);
  const [asking, setAsking] = React.useState(false);
  const relabel = React.useRef<HTMLButtonElement>(null);
  const outside = members.filter((member) => !member.inView).length + group.rest_outside;
  const idle = busy || members.length === 0 || outside > 0;
  const probable = labelsOf(members)
    .map(([name]) => classes.indexOf(name))
    .filter((at) => at >= 0);
  const { pass, free } = useGate(shown);
  const act = (action: GroupAction, label?: string) => {
    setChoosing(null);
    setAsking(false);
    if (busy) return drop("busy");
    if (!pass(`${action} ${label ?? ""}`)) return;
    const work = decideGroup({
      action,
      rows: [...members.map((member) => member.row), ...group.rest],
      labels: [...members.map((member) => member.label), ...group.rest_labels],
      ...(boxed && { boxes: members.flatMap((member) => (member.box ? [member.box] : [])) }),
      keep: action === "keep_one" ? keep : null,
      label: label ?? null,
    });
    void work.then((done) => done || free());
  };
  const open = () => (busy ? drop("busy") : setChoosing(relabel.current));
  const ask = () => (busy ? drop("busy") : setAsking(true));
  useShortcuts(
    members.length === 0 || outside > 0
      ? {}
      : {
          groupKeepOne: () => act("keep_one"),
          groupKeepAll: () => act("keep_all"),
          ...(!boxed && { groupRelabel: open, groupRemove: ask }),
        },
  );
  const all = members.length + group.rest.length;
  const others = all - 1;
  return (
    <fieldset className="dcf-actions dcf-group-actions" data-shown={shown || undefined}>
      <legend className="dcf-sr">Decide on the group</legend>
      {outside > 0 && (
        <p className="dcf-note dcf-action-wide">
          {boxed ? "The image is" : `${outside} of the images are`} outside FiftyOne's current view.
          Clear it to decide on the group.
        </p>
      )}
      <GroupButton tip="groupKeepOne" icon="check" idle={idle} onClick={() => act("keep_one")}>
        Keep one, remove {others === 1 ? "the other" : `the other ${count(others)}`}
      </GroupButton>
      <GroupButton tip="groupKeepAll" icon="copies" idle={idle} onClick={() => act("keep_all")}>
        Keep {boxed && all === 2 ? "both" : "all"}, never ask again
      </GroupButton>
      {!boxed && (
        <>
          <GroupButton
            tip="groupRelabel"
            icon="edit"
            idle={idle}
            onClick={open}
            buttonRef={relabel}
          >
            One label for all…
          </GroupButton>
          <GroupButton tip="groupRemove" icon="remove" idle={idle} onClick={ask}>
            Remove all
          </GroupButton>
        </>
      )}
      <Choose
        anchor={choosing}
        first={probable}
        samples={all}
        onChoose={(name) => act("relabel_alike", name)}
        onClose={() => setChoosing(null)}
      />
      {asking && (
        <AskRemove samples={all} onRemove={() => act("remove")} onClose={() => setAsking(false)} />
      )}
    </fieldset>
  );
}

interface GroupButtonProps {
  tip: keyof typeof SHORTCUTS;
  icon: IconName;
  idle: boolean;
  onClick: () => void;
  buttonRef?: React.Ref<HTMLButtonElement>;
  children: React.ReactNode;
}

function GroupButton({ tip, icon, idle, onClick, buttonRef, children }: GroupButtonProps) {
  const { keys, does } = SHORTCUTS[tip];
  return (
    <Tooltip title={`${does} (${keys[0]})`}>
      <span className="dcf-action">
        <Button
          {...(buttonRef ? { ref: buttonRef } : {})}
          fullWidth
          size="small"
          variant="outlined"
          className="dcf-button"
          startIcon={<Icon name={icon} />}
          disabled={idle}
          onClick={onClick}
          aria-keyshortcuts={keys[0]}
        >
          <span className="dcf-button-text">{children}</span>
        </Button>
      </span>
    </Tooltip>
  );
}
