// Whom to ask, about whose decisions, and about how many of them.
import { Button, MenuItem, Select, TextField } from "@mui/material";
import * as React from "react";

const SIZES = [20, 50, 100, 200, 500];
const ALL = 0;

export interface Asking {
  to: string;
  of: string;
  /** Null for all. */
  n: number | null;
}

interface Props {
  /** Names that are known; another one may be typed. */
  people: readonly string[];
  /** Those who decided on something. */
  judged: readonly string[];
  busy: boolean;
  onAsk: (asking: Asking) => void;
}

export function AskForm({ people, judged, busy, onAsk }: Props) {
  const [to, setTo] = React.useState("");
  const [of, setOf] = React.useState("");
  const [n, setN] = React.useState(50);
  const whose = judged.includes(of) ? of : (judged[0] ?? "");
  const who = to.trim();
  return (
    <form
      className="dcf-card-buttons dcf-ask"
      onSubmit={(event) => {
        event.preventDefault();
        if (who && !busy) onAsk({ to: who, of: whose, n: n === ALL ? null : n });
      }}
    >
      <span>Ask</span>
      <NameField value={to} people={people.filter((name) => name !== whose)} onChange={setTo} />
      <span>about</span>
      <Select
        size="small"
        value={n}
        onChange={(event) => setN(Number(event.target.value))}
        inputProps={{ "aria-label": "How many decisions" }}
        className="dcf-select"
      >
        {SIZES.map((size) => (
          <MenuItem key={size} value={size}>
            {size} at random
          </MenuItem>
        ))}
        <MenuItem value={ALL}>all</MenuItem>
      </Select>
      <span>of the decisions of</span>
      <Select
        size="small"
        value={whose}
        onChange={(event) => setOf(event.target.value)}
        inputProps={{ "aria-label": "Whose decisions" }}
        className="dcf-select"
      >
        {judged.map((name) => (
          <MenuItem key={name} value={name}>
            {name}
          </MenuItem>
        ))}
      </Select>
      <Button type="submit" size="small" variant="outlined" disabled={!who || busy}>
        {busy ? "Asking …" : "Ask"}
      </Button>
    </form>
  );
}

interface NameProps {
  value: string;
  people: readonly string[];
  onChange: (name: string) => void;
}

/** A name: one that is known, or another one. */
export function NameField({ value, people, onChange }: NameProps) {
  const id = React.useId();
  return (
    <>
      <TextField
        size="small"
        placeholder="a name"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        inputProps={{ "aria-label": "Who is asked", list: id, maxLength: 200 }}
        className="dcf-name"
      />
      <datalist id={id}>
        {people.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
