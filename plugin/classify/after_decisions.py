"""Suspicion after decisions: what was judged moves what is still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..arrays import BoolArray, Float64Array, FloatArray, Int64Array
from ..scoring.batches import Batch
from ..scoring.decided import Verdicts, evidence_of
from ..scoring.margin import suspicion
from ..store.iteration_writer import IterationWriter
from ..store.iterations import Rows


class AfterDecisions:
    """Collects what people judged, batch by batch, and moves the suspicion of the rest.

    Args:
        classes: the iteration's class names
        first_labels: the label that each judged sample had before, by sample id
    """

    def __init__(self, classes: Sequence[str], first_labels: Mapping[str, str]):
        self._class = {name: at for at, name in enumerate(classes)}
        self._first = first_labels
        self._decided: list[BoolArray] = []
        self._label: list[Int64Array] = []
        self._margin: list[Float64Array] = []
        self._wrong: list[BoolArray] = []
        self._features: list[FloatArray] = []

    def add(self, batch: Batch, rows: Rows) -> None:
        """Take the judged samples of a batch, with what is kept of them."""
        if not self._first:
            return
        self._decided.append(batch.decided)
        at = [
            (row, self._class[first])
            for row in np.flatnonzero(batch.decided).tolist()
            if (first := self._first.get(batch.sample_ids[row])) in self._class
        ]
        if not at:
            return
        judged, label = np.array(at, np.int64).T
        self._label.append(label)
        self._wrong.append(label != batch.label[judged])
        self._margin.append(suspicion([model[judged] for model in batch.models], label))
        self._features.append(rows.features[judged].astype(np.float32))

    def move(self, writer: IterationWriter) -> str:
        """Move the suspicion of the samples that are open; what was done, empty for nothing."""
        if not self._label:
            return ""
        verdicts = Verdicts(
            np.concatenate(self._label),
            np.concatenate(self._margin),
            np.concatenate(self._wrong),
            np.concatenate(self._features),
        )
        evidence = evidence_of(verdicts)
        if evidence is None:
            return ""
        open_ = ~np.concatenate(self._decided)

        def moved(part: slice) -> Float64Array:
            label = writer.added("label", part).astype(np.int64)
            return np.where(open_[part], evidence(label, writer.added("features", part)), 0.0)

        writer.move_suspicion(moved)
        return (
            f"Suspicion was moved by {len(verdicts.label):,} labels that people judged, "
            f"{int(verdicts.wrong.sum()):,} of them wrong."
        )
