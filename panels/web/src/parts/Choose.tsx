// Typeahead over all classes, most probable first; a name that is no class yet must be chosen as such.
import { Autocomplete, Popover, TextField } from "@mui/material";
import * as React from "react";
import { useSession } from "../session";

interface Option {
  name: string;
  hint: string;
}

interface Props {
  anchor: HTMLElement | null;
  first: readonly number[];
  samples: number;
  onChoose: (label: string) => void;
  onClose: () => void;
}

const MOST = 100;

/** Options for what was typed: likely classes first, then by name; a new class last, and only on request. */
export function optionsFor(
  typed: string,
  classes: readonly string[],
  first: readonly number[],
): Option[] {
  const wanted = typed.trim().toLocaleLowerCase();
  const ahead = [...new Set(first)];
  const rest = classes
    .map((_, at) => at)
    .filter((at) => !ahead.includes(at))
    .sort((a, b) =>
      (classes[a] ?? "").localeCompare(classes[b] ?? "", undefined, { numeric: true }),
    );
  const matches = (at: number) => (classes[at] ?? "").toLocaleLowerCase().includes(wanted);
  const starts = (at: number) => (classes[at] ?? "").toLocaleLowerCase().startsWith(wanted);
  const found = [...ahead, ...rest].filter(matches);
  const ordered = wanted ? [...found.filter(starts), ...found.filter((at) => !starts(at))] : found;
  const options = ordered
    .slice(0, MOST)
    .map((at) => ({ name: classes[at] ?? "", hint: ahead.includes(at) ? "probable" : "" }));
  const name = typed.trim();
  if (name && !classes.includes(name)) options.push({ name, hint: "new class" });
  return options;
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
