"""An iteration on objects as readers open it: items in rows, cells of rows, the bars of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..errors import InputError
from ..scoring.cells import HISTOGRAM_BINS, CellTable, cell_table
from ..store.database import collection_of
from ..store.iterations import Iteration, unpack_ids
from ..store.runs import Run
from .shown import bar_share, is_suspect
from .store import COLLECTION, IMAGES, SHOWN


class ObjectIteration(Iteration):
    """One committed iteration on objects, opened without reading its columns.

    A row is an item, ``samples`` counts items, and ``rows_of`` finds them by the ids of their
    labels. Class ``C`` after the last one, :attr:`nothing`, is a label that is missing or a
    prediction that nothing is there.
    """

    def __init__(self, document: Mapping[str, Any]):
        super().__init__({**document, "samples": document["items"]})
        self.to_review: int = document["to_review"]
        self.kinds: tuple[str, ...] = tuple(document["kinds"])

    @property
    def nothing(self) -> int:
        """The index after the last class."""
        return len(self.classes)

    @property
    def outcomes(self) -> int:
        """The classes, and *nothing*."""
        return len(self.classes) + 1

    def likeliest(self) -> npt.NDArray[Any]:
        """What each item most probably is, whatever its cell: int32 (n,)."""
        return super().column("prediction")

    @property
    def has_boxes(self) -> bool:
        """Whether the labels lie somewhere: those of objects do, tags are on whole images."""
        return "box" in self.document["columns"]

    @cached_property
    def images(self) -> list[str]:
        """The ids of all samples that were judged, those without items included."""
        return unpack_ids(self.column(IMAGES))

    def column(self, name: str, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        """Rows ``start`` to ``stop`` of a column; ``prediction`` is the column of the overview."""
        return super().column(SHOWN if name == "prediction" else name, start, stop)

    @cached_property
    def cells(self) -> CellTable:
        """The cells of the iteration, decided items included."""
        label, shown = self.column("label"), self.column(SHOWN)
        zero = np.zeros(len(label), np.float32)
        table = cell_table(label, shown, zero, zero, len(self.classes) + 1)
        cell = np.repeat(np.arange(len(table)), table.count)
        flat = cell * HISTOGRAM_BINS + self.bins
        counted = np.bincount(flat, minlength=len(table) * HISTOGRAM_BINS)
        histogram = counted.reshape(-1, HISTOGRAM_BINS).astype(np.int32, copy=False)
        return replace(table, histogram=histogram)

    @cached_property
    def bins(self) -> npt.NDArray[np.uint8]:
        """The bin of each row's bar, by ``shown.bar_share``: uint8 (n,)."""
        share = bar_share(
            self.column("label"),
            self.column(SHOWN),
            self.column("suspicion"),
            self.column("iou"),
            self.column("p_label"),
            len(self.classes),
        )
        return np.minimum(share * HISTOGRAM_BINS, HISTOGRAM_BINS - 1).astype(np.uint8)

    @cached_property
    def set_apart(self) -> npt.NDArray[np.bool_]:
        """No class of objects is set apart: bool (C + 1,)."""
        return np.zeros(len(self.classes) + 1, bool)

    @cached_property
    def suspect_rows(self) -> npt.NDArray[np.bool_]:
        """Items that are worth a look, badly placed ones included: bool (n,)."""
        return is_suspect(self.column("suspicion"))

    @cached_property
    def _id_index(self) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.int32]]:
        ids = self.column("item_id")
        order = np.argsort(ids, kind="stable").astype(np.int32)
        return ids[order], order


def object_iterations(run: Run) -> list[ObjectIteration]:
    """The run's committed iterations on objects, first to last, without their columns."""
    documents = collection_of(COLLECTION).find(run.owner).sort("number", 1)
    return [ObjectIteration(document) for document in documents]


def object_iteration(run: Run, number: int | None = None) -> ObjectIteration:
    """One iteration on objects, the last if no number is given.

    Raises:
        InputError: if there is no such iteration
    """
    query = run.owner if number is None else {**run.owner, "number": number}
    document = collection_of(COLLECTION).find_one(query, sort=[("number", -1)])
    if document is None:
        what = "no iteration on objects yet" if number is None else f"no iteration {number}"
        raise InputError(
            f"Run '{run.key}' of dataset '{run.dataset.name}' has {what}. "
            "Run find_label_errors to make one."
        )
    opened = _opened(document["_id"])
    opened.document = document
    return opened


@lru_cache(maxsize=8)
def _opened(iteration_id: ObjectId) -> ObjectIteration:
    document = collection_of(COLLECTION).find_one({"_id": iteration_id})
    if document is None:
        raise InputError(f"Iteration {iteration_id} was deleted meanwhile. Open the run again.")
    return ObjectIteration(document)
