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

/** The button with what it gives, on screens that have no other card for it. */
export function ReportCard() {
  return (
    <section className="dcf-card" aria-labelledby="dcf-report-title">
      <h3 id="dcf-report-title">Report</h3>
      <p className="dcf-note">
        What was found and fixed, kind by kind with pictures, by whom, and what is left: one page to
        be sent.
      </p>
      <div className="dcf-card-buttons">
        <ReportButton />
      </div>
    </section>
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
