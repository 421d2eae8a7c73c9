// Puts the selected samples, or objects, to another person.
import { Button, Dialog, DialogActions, DialogContent, DialogTitle } from "@mui/material";
import * as React from "react";
import { ask, asProblem } from "../ask";
import { count, plural } from "../format";
import { useNoun } from "../objects/names";
import { useSession } from "../session";
import { useAsk } from "../useAsk";
import { NameField } from "./AskForm";

export function AskSelected({ rows, onClose }: { rows: readonly number[]; onClose: () => void }) {
  const { key } = useSession();
  const noun = useNoun();
  const { reply } = useAsk("opinions", { run: key.run });
  const [to, setTo] = React.useState("");
  const [busy, setBusy] = React.useState(false);
  const [said, setSaid] = React.useState<{ text: string; done: boolean } | null>(null);
  const who = to.trim();
  const put = async () => {
    setBusy(true);
    try {
      const { run, iteration } = key;
      const made = await ask("opinion_ask", { run, iteration, to: who, rows: [...rows] });
      const size = made.opinions[0]?.size ?? 0;
      const left = rows.length - size;
      const why = left ? ` ${count(left)} were left out: asked before, or decided on by them.` : "";
      setSaid({ text: `${plural(size, noun)} put to ${who}.${why}`, done: true });
    } catch (error) {
      setSaid({ text: asProblem(error).message, done: false });
    }
    setBusy(false);
  };
  return (
    <Dialog open onClose={onClose} maxWidth="xs" fullWidth aria-labelledby="dcf-opinion-title">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (who && !busy && !said?.done) void put();
        }}
      >
        <DialogTitle id="dcf-opinion-title">
          Ask somebody about {plural(rows.length, noun)}
        </DialogTitle>
        <DialogContent>
          {said && (
            <p className="dcf-dialog-text" role={said.done ? "status" : "alert"}>
              {said.text}
            </p>
          )}
          {!said?.done && (
            <>
              <p className="dcf-dialog-text">
                They find the {noun}s under Progress, and judge them without seeing any label.
              </p>
              <NameField value={to} people={reply?.people ?? []} onChange={setTo} />
            </>
          )}
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{said?.done ? "Close" : "Cancel"}</Button>
          {!said?.done && (
            <Button type="submit" variant="contained" disabled={!who || busy}>
              Ask
            </Button>
          )}
        </DialogActions>
      </form>
    </Dialog>
  );
}
