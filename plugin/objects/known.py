"""What was decided about items, carried over to the next iteration.

A decided label is known: it is no suspect, unless somebody has changed it since. A missing object
that was dismissed, and a label that was removed, can be seen again; such a candidate is the item
that it was, so that it stays dismissed, and is open again once that is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..store.iterations import pack_ids, unpack_ids
from ..store.runs import Run
from .dismissed import same_objects
from .state import Standing, standing_items, still_holds
from .store import Columns


class KnownDecisions:
    """What stands on a run's items while its next iteration is made.

    Args:
        run: the run, None where there is none yet
    """

    def __init__(self, run: Run | None):
        self.standing: Mapping[str, Standing] = {} if run is None else standing_items(run)

    def carried_over(self, columns: Columns, classes: Sequence[str]) -> Columns:
        """The columns, in which candidates that were dismissed have the ids that they had.

        Args:
            columns: of an iteration
            classes: its class names
        """
        gone = {
            i: made
            for i, made in self.standing.items()
            if made.label is None and made.was_box is not None and made.was_label in classes
        }
        rows = np.flatnonzero(columns["label"] == len(classes))
        if not gone or not len(rows):
            return columns
        where = {image: at for at, image in enumerate(unpack_ids(columns["image_id"]))}
        gone = {i: made for i, made in gone.items() if made.sample_id in where}
        if not gone:
            return columns
        old = list(gone.values())
        found = same_objects(
            columns["box"][rows],
            _seen(columns["top_class"][rows], len(classes)),
            np.array([where[i] for i in unpack_ids(columns["sample_id"][rows])]),
            np.array([made.was_box for made in old], np.float64),
            np.array([classes.index(made.was_label or "") for made in old]),
            np.array([where[made.sample_id] for made in old]),
        )
        ids = columns["item_id"].copy()
        ids[rows[found >= 0]] = pack_ids(list(gone))[found[found >= 0]]
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
