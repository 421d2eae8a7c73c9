"""No model at all: the labels, for votes alone to judge."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from ..progress import Report
from ..scoring.batches import Batch, Outcome
from ..store.samples import Collection
from ..votes.reading import vote_classes
from .labelled import read_labelled
from .settings import Settings

ROWS_A_BATCH = 5_000


class LabelsAlone:
    """Every labelled sample, with all classes as probable as each other.

    Args:
        samples: the dataset or a view of it
        settings: with ``vote_fields``
        decision_field: the run's field of decisions
    """

    def __init__(self, samples: Collection, settings: Settings, decision_field: str):
        self.outcome = Outcome()
        self._labelled = read_labelled(
            samples, settings.label_field, decision_field, self.outcome.skipped
        )
        voted = vote_classes(samples, settings.vote_fields)
        self.classes = tuple(sorted({*self._labelled.classes, *voted}))
        self.outcome.predicted = frozenset(self.classes)

    def batches(self, report: Report) -> Generator[Batch]:
        """The samples in their order."""
        labelled = self._labelled
        index = {name: i for i, name in enumerate(self.classes)}
        place = np.array([index[name] for name in labelled.classes])
        total = len(labelled.sample_ids)
        for start in range(0, total, ROWS_A_BATCH):
            part = slice(start, min(start + ROWS_A_BATCH, total))
            rows = part.stop - start
            yield Batch(
                sample_ids=labelled.sample_ids[part],
                label=place[labelled.label[part]],
                models=[np.full((rows, len(self.classes)), -np.log(len(self.classes)))],
                features=None,
                decided=labelled.decided[part],
            )
            report(part.stop / total, f"Read {part.stop:,} of {total:,} labels")
