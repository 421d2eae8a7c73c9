// Which class the samples of a ranking are labelled as.
import { Autocomplete, TextField } from "@mui/material";
import * as React from "react";
import { NO_LABEL, useNames } from "../objects/names";
import { Name } from "../parts/Name";
import { optionsFor } from "../parts/options";
import { useSession } from "../session";

interface Props {
  label: number | null;
  onLabel: (label: number | null) => void;
}

/** Which class the samples are labelled as; all of them where nothing is chosen. */
export function ClassFilter({ label, onLabel }: Props) {
  const { classes } = useSession();
  const { nothing } = useNames();
  const names = React.useMemo(
    () => (nothing === null ? classes : [...classes, NO_LABEL]),
    [classes, nothing],
  );
  const first = React.useMemo(() => (nothing === null ? [] : [nothing]), [nothing]);
  const [typed, setTyped] = React.useState("");
  const options = React.useMemo(() => optionsFor(typed, names, first), [typed, names, first]);
  const value = label === null ? null : { name: names[label] ?? "", hint: "" };
  return (
    <Autocomplete
      size="small"
      className="dcf-search"
      options={options}
      filterOptions={(found) => found}
      getOptionLabel={(option) => option.name}
      isOptionEqualToValue={(a, b) => a.name === b.name}
      value={value}
      onInputChange={(_, text, reason) => setTyped(reason === "input" ? text : "")}
      onChange={(_, option) => onLabel(option ? names.indexOf(option.name) : null)}
      noOptionsText="No class of that name"
      renderOption={(props, option) => (
        <li {...props} key={option.name}>
          <Name>{option.name}</Name>
        </li>
      )}
      renderInput={(params) => {
        const input = { ...params.inputProps, "aria-label": "Labelled as" };
        return <TextField {...params} inputProps={input} placeholder="All classes" />;
      }}
    />
  );
}
