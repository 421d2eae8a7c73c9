// Typeahead over all classes, most probable first; a name that is no class yet must be chosen as such.
import { Autocomplete, Popover, TextField } from "@mui/material";
import * as React from "react";
import { useSession } from "../session";
import { type Option, optionsFor } from "./options";

interface Props {
  anchor: HTMLElement | null;
  first: readonly number[];
  samples: number;
  onChoose: (label: string) => void;
  onClose: () => void;
}

export function Choose({ anchor, first, samples, onChoose, onClose }: Props) {
  const { classes } = useSession();
  const [typed, setTyped] = React.useState("");
  const options = React.useMemo(() => optionsFor(typed, classes, first), [typed, classes, first]);
  return (
    <Popover
      open={anchor !== null}
      anchorEl={anchor}
      onClose={onClose}
      anchorOrigin={{ vertical: "top", horizontal: "left" }}
      transformOrigin={{ vertical: "bottom", horizontal: "left" }}
      slotProps={{
        paper: { className: "dcf-popover", role: "dialog", "aria-label": "Relabel" } as object,
      }}
    >
      <Autocomplete<Option, false, true>
        open
        autoHighlight
        disablePortal
        disableClearable
        fullWidth
        options={options}
        filterOptions={(all) => all}
        getOptionLabel={(option) => option.name}
        getOptionKey={(option) => `${option.hint}/${option.name}`}
        isOptionEqualToValue={(a, b) => a.name === b.name}
        inputValue={typed}
        onInputChange={(_, value, reason) => reason === "input" && setTyped(value)}
        onChange={(_, option) => option && onChoose(option.name)}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
        noOptionsText="No class of that name"
        renderOption={(props, option) => (
          <li {...props} key={`${option.hint}/${option.name}`}>
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
    </Popover>
  );
}
