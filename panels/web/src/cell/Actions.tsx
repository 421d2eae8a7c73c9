// What can be done with the chosen samples, with their number on every button.
import { Button, Tooltip } from "@mui/material";
import * as React from "react";
import { AskRemove, AskTag } from "../parts/Ask";
import { Choose } from "../parts/Choose";
import { Icon } from "../parts/Icon";
import { useSession } from "../session";
import { SHORTCUTS, useKeys } from "../shortcuts";

interface Props {
  rows: number[];
  label: number;
  prediction: number;
  /** Classes to offer first when another label is chosen. */
  probable: readonly number[];
  onDone: (rows: number[]) => void;
}

export function Actions({ rows, label, prediction, probable, onDone }: Props) {
  const { classes, resolve, busy } = useSession();
  const [choosing, setChoosing] = React.useState<HTMLElement | null>(null);
  const [asking, setAsking] = React.useState<"tag" | "remove" | null>(null);
  const relabel = React.useRef<HTMLButtonElement>(null);
  const idle = rows.length === 0 || busy;
  const correct = label === prediction;
  const n = rows.length;

  const act = async (
    action: "confirm" | "relabel" | "remove" | "tag",
    option?: { label?: string; tag?: string },
  ) => {
    setChoosing(null);
    setAsking(null);
    if (await resolve(action, rows, option)) onDone(rows);
  };
  const confirm = () => void act("confirm");
  const accept = () => void act("relabel", { label: classes[prediction] ?? "" });
  const remove = () => (n > 1 ? setAsking("remove") : void act("remove"));
  useKeys(
    idle
      ? {}
      : {
          c: confirm,
          a: correct ? undefined : accept,
          r: () => setChoosing(relabel.current),
          x: remove,
          t: () => setAsking("tag"),
        },
  );
  return (
    <fieldset className="dcf-actions">
      <legend className="dcf-sr">Decide on the selected samples</legend>
      <Action tip="confirm" onClick={confirm} disabled={idle} icon="check" count={n} strong wide>
        Confirm “<bdi>{classes[label]}</bdi>”
      </Action>
      {!correct && (
        <Action tip="accept" onClick={accept} disabled={idle} icon="accept" count={n} strong wide>
          Relabel as “<bdi>{classes[prediction]}</bdi>”
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
        Other label…
      </Action>
      <Action tip="tag" onClick={() => setAsking("tag")} disabled={idle} icon="tag" count={n}>
        Tag…
      </Action>
      <Action tip="remove" onClick={remove} disabled={idle} icon="remove" count={n} danger>
        Remove
      </Action>
      <Choose
        anchor={choosing}
        first={probable}
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

interface ActionProps {
  tip: keyof typeof SHORTCUTS;
  icon: React.ComponentProps<typeof Icon>["name"];
  count: number;
  disabled: boolean;
  strong?: boolean;
  wide?: boolean;
  danger?: boolean;
  buttonRef?: React.Ref<HTMLButtonElement>;
  onClick: () => void;
  children: React.ReactNode;
}

export function Action({
  tip,
  icon,
  count,
  disabled,
  strong,
  wide,
  danger,
  buttonRef,
  onClick,
  children,
}: ActionProps) {
  const { keys, does } = SHORTCUTS[tip];
  return (
    <Tooltip title={`${does} (${keys[0]})`} placement="left">
      <span className={`dcf-action${wide ? " dcf-action-wide" : ""}`}>
        <Button
          {...(buttonRef ? { ref: buttonRef } : {})}
          fullWidth
          size="small"
          variant={strong ? "contained" : "outlined"}
          color={danger ? "error" : "primary"}
          disabled={disabled}
          onClick={onClick}
          startIcon={<Icon name={icon} />}
          className={`dcf-button${strong ? " dcf-button-strong" : ""}${danger ? " dcf-button-danger" : ""}`}
          aria-keyshortcuts={keys[0]}
        >
          <span className="dcf-button-text">{children}</span>
          <span className="dcf-button-count">{count}</span>
        </Button>
      </span>
    </Tooltip>
  );
}
