// How many an audit draws, and what is done with one that still waits.
import { Button, MenuItem, Select } from "@mui/material";
import * as React from "react";
import type { AuditInfo } from "../events";
import { count, plural } from "../format";
import type { Audit } from "./useAudit";

interface SizeProps {
  value: number;
  sizes: readonly number[];
  what: string;
  name: string;
  onChange: (size: number) => void;
}

export function SizeChoice({ value, sizes, what, name, onChange }: SizeProps) {
  return (
    <Select
      size="small"
      value={value}
      onChange={(event) => onChange(Number(event.target.value))}
      inputProps={{ "aria-label": name }}
      className="dcf-select"
    >
      {sizes.map((n) => (
        <MenuItem key={n} value={n}>
          {plural(n, what)}
        </MenuItem>
      ))}
    </Select>
  );
}

interface WaitedProps {
  audit: Audit;
  info: AuditInfo;
  what: string;
  onJudge: () => void;
}

export function Waited({ audit, info, what, onJudge }: WaitedProps) {
  return (
    <>
      <p>
        Audit {info.number}: {count(info.judged)} of {count(info.size)} judged
        {info.gone > 0 && `, ${count(info.gone)} gone from the dataset`}.
      </p>
      <div className="dcf-card-buttons">
        <Button variant="contained" size="small" disabled={!info.waiting} onClick={onJudge}>
          Judge {plural(info.waiting, what)}
        </Button>
        <Button size="small" disabled={audit.busy} onClick={() => void audit.close()}>
          End this audit
        </Button>
      </div>
    </>
  );
}
