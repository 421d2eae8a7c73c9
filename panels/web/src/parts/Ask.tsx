// Small questions: a tag to type, a removal to agree to.
import {
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  TextField,
} from "@mui/material";
import * as React from "react";
import { plural } from "../format";
import { dropHeld } from "./held";

export function AskTag({
  samples,
  onTag,
  onClose,
}: {
  samples: number;
  onTag: (tag: string) => void;
  onClose: () => void;
}) {
  const [tag, setTag] = React.useState("");
  const name = tag.trim();
  return (
    <Dialog open onClose={onClose} maxWidth="xs" fullWidth aria-labelledby="dcf-tag-title">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name) onTag(name);
        }}
      >
        <DialogTitle id="dcf-tag-title">Tag {plural(samples, "sample")}</DialogTitle>
        <DialogContent>
          <p className="dcf-dialog-text">
            A tag is a decision too: the samples count as reviewed, their labels stay as they are.
          </p>
          <TextField
            autoFocus
            fullWidth
            size="small"
            label="Tag"
            placeholder="ambiguous"
            value={tag}
            onChange={(event) => setTag(event.target.value)}
            onKeyDown={(event) => dropHeld(event, tag)}
          />
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="contained" disabled={!name}>
            Tag {plural(samples, "sample")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

export function AskRemove({
  samples,
  onRemove,
  onClose,
}: {
  samples: number;
  onRemove: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog open onClose={onClose} maxWidth="xs" fullWidth aria-labelledby="dcf-remove-title">
      <DialogTitle id="dcf-remove-title">Remove {plural(samples, "sample")}?</DialogTitle>
      <DialogContent>
        <p className="dcf-dialog-text">
          They leave the dataset. Their files stay on disk, and undo brings them back.
        </p>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button autoFocus variant="contained" color="error" onClick={onRemove}>
          Remove {plural(samples, "sample")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
