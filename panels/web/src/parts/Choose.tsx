// Typeahead over all classes, most probable first. A class that is new is made by a button of its own.
import { Autocomplete, Button, Popover, type PopperProps, TextField } from "@mui/material";
import * as React from "react";
import { drop } from "../acts/dropped";
import { useSession } from "../session";
import { dropHeld } from "./held";
import { Icon } from "./Icon";
import { Name } from "./Name";
import { isNew, type Option, optionsFor } from "./options";

interface Props {
  anchor: HTMLElement | null;
  first: readonly number[];
  samples: number;
  onChoose: (label: string) => void;
  onClose: () => void;
}

const LEAST = 240;
const MOST = 420;

/** Below the button, as wide as the column that it is in: the picture beside it stays in sight. */
function placeAt(anchor: HTMLElement) {
  const button = anchor.getBoundingClientRect();
  const column = (anchor.closest("aside, fieldset") ?? anchor).getBoundingClientRect();
  const width = Math.max(LEAST, Math.min(MOST, column.width));
  return { width, position: { top: button.bottom + 4, left: column.right - width } };
}

/** Whether the list is open for a picture that another may come after meanwhile. */
export function useChooser(about: number | null) {
  const [open, setOpen] = React.useState<{ about: number | null; anchor: HTMLElement } | null>(
    null,
  );
  const close = () => setOpen(null);
  return {
    anchor: open?.anchor ?? null,
    open: (anchor: HTMLElement | null) => setOpen(anchor && { about, anchor }),
    close,
    /** Does what was chosen, where it is still about the picture that it was opened for. */
    take: (act: () => void) => {
      close();
      if (open?.about === about) act();
      else drop("changed");
    },
  };
}

export function Choose({ anchor, onClose, ...rest }: Props) {
  // It goes at once, with what was typed: one that fades out could be opened again as it was.
  if (!anchor) return null;
  const { width, position } = placeAt(anchor);
  return (
    <Popover
      open
      transitionDuration={0}
      anchorReference="anchorPosition"
      anchorPosition={position}
      onClose={onClose}
      slotProps={{
        paper: {
          className: "dcf-popover",
          role: "dialog",
          "aria-label": "Relabel",
          style: { width },
        } as object,
      }}
    >
      <Chooser {...rest} onClose={onClose} />
    </Popover>
  );
}

/** Its content, which begins empty at each opening. */
function Chooser({ first, samples, onChoose, onClose }: Omit<Props, "anchor">) {
  const { classes } = useSession();
  const [typed, setTyped] = React.useState("");
  const options = React.useMemo(() => optionsFor(typed, classes, first), [typed, classes, first]);
  const name = typed.trim();
  const makes = isNew(name, classes);
  return (
    <>
      <Autocomplete<Option>
        open
        autoHighlight
        disablePortal
        fullWidth
        forcePopupIcon={false}
        options={options}
        filterOptions={(all) => all}
        getOptionLabel={(option) => option.name}
        getOptionKey={(option) => option.name}
        isOptionEqualToValue={(a, b) => a.name === b.name}
        value={null}
        inputValue={typed}
        onInputChange={(_, value, reason) => reason === "input" && setTyped(value)}
        onChange={(_, option) => option && onChoose(option.name)}
        onKeyDown={(event) => {
          dropHeld(event, typed);
          if (event.key === "Escape") onClose();
        }}
        noOptionsText="No class of that name"
        PopperComponent={Below}
        renderOption={(props, option) => (
          <li {...props} key={option.name}>
            <bdi className="dcf-option">{option.name}</bdi>
            {option.hint && <span className="dcf-option-hint">{option.hint}</span>}
          </li>
        )}
        renderInput={(params) => (
          <TextField
            {...params}
            autoFocus
            size="small"
            label={samples === 1 ? "New label" : `New label of ${samples} samples`}
            placeholder="Type a class"
          />
        )}
      />
      {makes && (
        <Button
          fullWidth
          size="small"
          variant="outlined"
          className="dcf-button dcf-new-class"
          startIcon={<Icon name="tag" />}
          onClick={() => onChoose(name)}
        >
          <span className="dcf-button-text">
            Make a new class “<Name>{name}</Name>”
          </span>
        </Button>
      )}
    </>
  );
}

/** Puts the list below the field, within the popover, where it covers nothing else. */
function Below({ children }: PopperProps) {
  return <div className="dcf-choices">{children as React.ReactNode}</div>;
}
