// Makes the run's report and hands it to the browser as a file.
import { Button } from "@mui/material";
import * as React from "react";
import { ask, asProblem } from "../ask";
import { useSession } from "../session";

export function ReportButton() {
  const { key, report } = useSession();
  const [busy, setBusy] = React.useState(false);
  const make = async () => {
    setBusy(true);
    try {
      const { name, html } = await ask("report", { run: key.run });
      save(name, new Blob([html], { type: "text/html" }));
    } catch (error) {
      report("report", asProblem(error));
    }
    setBusy(false);
  };
  return (
    <Button size="small" disabled={busy} onClick={() => void make()}>
      {busy ? "Writing the report …" : "Export a report"}
    </Button>
  );
}

function save(name: string, content: Blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
