"""What was decided about items, carried over to the next iteration.

A decided label is known: it is no suspect, unless somebody has changed it since. A missing object
that was dismissed, and a label that was removed, can be seen again; such a candidate is the item
that it was, so that it stays dismissed, and is open again once that is undone. So is one that waits
for a decision: what was drawn or queued by its id is found again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..store.iterations import pack_ids, unpack_ids
from ..store.runs import Run
from .dismissed import same_objects
from .state import Standing, standing_items, still_holds
from .store import Columns, last_iteration, read_items


class Proposed(NamedTuple):
    """A missing object, or tag, as it was proposed: its sample, class and box."""

    sample_id: str
    label: str
    box: Any


class KnownDecisions:
    """What stands on a run's items while its next iteration is made, and what waits for a decision.

    Args:
        run: the run, None where there is none yet
    """

    def __init__(self, run: Run | None):
        self._run = run
        self.standing: Mapping[str, Standing] = {} if run is None else standing_items(run)

    def gone(self, classes: Sequence[str]) -> dict[str, Proposed]:
        """What was dismissed or removed, by its id, of some classes."""
        return {
            i: Proposed(made.sample_id, made.was_label, made.was_box)
            for i, made in self.standing.items()
            if made.label is None and made.was_label is not None and made.was_label in classes
        }

    def waiting(self, columns: Columns, classes: Sequence[str]) -> dict[str, Proposed]:
        """What the last iteration proposed and nobody decided on, by its id, of some classes.

        Args:
            columns: of the next iteration; an id that one of its labels has is not given again
            classes: its class names
        """
        last = None if self._run is None else last_iteration(self._run)
        if last is None:
            return {}
        nothing = len(last["classes"])
        rows = np.flatnonzero(read_items(last, "label") == nothing)
        item = read_items(last, "item_id")[rows]
        taken = columns["item_id"][columns["label"] != len(classes)]
        open_ = ~np.isin(item, taken)
        if self.standing:
            open_ &= ~np.isin(item, pack_ids(list(self.standing)))
        rows, item = rows[open_], item[open_]
        sample = unpack_ids(read_items(last, "sample_id")[rows])
        index = _seen(read_items(last, "top_class")[rows], nothing)
        names = [last["classes"][i] for i in index.tolist()]
        boxes = read_items(last, "box")[rows].tolist() if "box" in last["columns"] else repeat(None)
        found = zip(unpack_ids(item), sample, names, boxes, strict=False)
        known = set(classes)
        return {i: Proposed(at, name, box) for i, at, name, box in found if name in known}

    def carried_over(self, columns: Columns, classes: Sequence[str]) -> Columns:
        """The columns, in which candidates that were proposed before have the ids that they had.

        Those that were dismissed first, then those that nobody decided on: an audit, or a queue,
        may wait for these.

        Args:
            columns: of an iteration
            classes: its class names
        """
        ids = columns["item_id"].copy()
        rows = np.flatnonzero(columns["label"] == len(classes))
        where = {image: at for at, image in enumerate(unpack_ids(columns["image_id"]))}
        for known in (self.gone(classes), self.waiting(columns, classes)):
            old = {i: p for i, p in known.items() if p.box is not None and p.sample_id in where}
            if not old or not len(rows):
                continue
            made = list(old.values())
            found = same_objects(
                columns["box"][rows],
                _seen(columns["top_class"][rows], len(classes)),
                np.array([where[i] for i in unpack_ids(columns["sample_id"][rows])]),
                np.array([p.box for p in made], np.float64),
                np.array([classes.index(p.label) for p in made]),
                np.array([where[p.sample_id] for p in made]),
            )
            ids[rows[found >= 0]] = pack_ids(list(old))[found[found >= 0]]
            rows = rows[found < 0]
        return {**columns, "item_id": ids}

    def decided(self, columns: Columns, classes: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Whether a decision stands on each row's label as it is: bool (n,)."""
        found = np.zeros(len(columns["item_id"]), bool)
        if not self.standing:
            return found
        wanted = pack_ids(list(self.standing))
        for row in np.flatnonzero(np.isin(columns["item_id"], wanted)).tolist():
            index = int(columns["label"][row])
            label = classes[index] if index < len(classes) else None
            made = self.standing[unpack_ids(columns["item_id"][row : row + 1])[0]]
            box = columns["box"][row].tolist() if "box" in columns else None
            found[row] = still_holds(label, box, made)
        return found

    def reopened(self, columns: Columns, decided: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Whether each row's label was decided on and somebody has changed it since: bool (n,)."""
        if not self.standing:
            return np.zeros(len(decided), bool)
        return np.isin(columns["item_id"], pack_ids(list(self.standing))) & ~decided


def _seen(top_class: npt.NDArray[np.int32], classes: int) -> npt.NDArray[np.int64]:
    """The likeliest class of each candidate, *nothing* left out: int64 (n,)."""
    first = (top_class != classes).argmax(axis=1)
    return np.take_along_axis(top_class, first[:, None], axis=1)[:, 0].astype(np.int64)
