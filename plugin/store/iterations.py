"""Iterations: what one classifier said of every sample, written once and read by row or cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..errors import InputError
from ..scoring.cells import CellTable
from ..scoring.scores import Scores
from .columns import read_column
from .database import collection_of

COLLECTION = "deconfuse.iterations"
ON_OBJECTS = "deconfuse.object_iterations"


@dataclass(frozen=True)
class Rows(Scores):
    """Consecutive samples of an iteration, column by column: their scores, and what these are of.

    Attributes are those of the table in ``docs/kept.md``; all have the same length.
    """

    sample_id: npt.NDArray[np.bytes_]
    label: npt.NDArray[np.int32]
    features: npt.NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.sample_id)

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(cls.__dataclass_fields__)


def pack_ids(ids: Sequence[str]) -> npt.NDArray[np.bytes_]:
    """Sample ids as an ``S12`` array.

    Example:
        >>> unpack_ids(pack_ids(["64b7f0c2a1d3e4f5a6b7c800"]))
        ['64b7f0c2a1d3e4f5a6b7c800']
    """
    return np.frombuffer(b"".join(bytes.fromhex(i) for i in ids), dtype="S12")


def unpack_ids(packed: npt.NDArray[np.bytes_]) -> list[str]:
    """The ids in an ``S12`` array, as the hexadecimal strings that FiftyOne shows."""
    data = np.ascontiguousarray(packed).tobytes().hex()
    return [data[i : i + 24] for i in range(0, len(data), 24)]


class Iteration:
    """One committed iteration, opened without reading its columns."""

    def __init__(self, document: Mapping[str, Any]):
        self.document = document
        self.id: ObjectId = document["_id"]
        self.number: int = document["number"]
        self.classes: tuple[str, ...] = tuple(document["classes"])
        self.samples: int = document["samples"]
        self.settings: dict[str, Any] = document["settings"]
        self.counts: dict[str, Any] = document["counts"]
        self.created_at: datetime = document["created_at"]

    def column(self, name: str, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        """Rows ``start`` to ``stop`` of one column."""
        return read_column(self.document["columns"][name], start, stop)

    @property
    def outcomes(self) -> int:
        """How many values a label or a vote can have: the classes, of objects also *nothing*."""
        return len(self.classes)

    def likeliest(self) -> npt.NDArray[Any]:
        """What each row most probably is: int32 (n,)."""
        return self.column("prediction")

    def rows(self, start: int = 0, stop: int | None = None) -> Rows:
        """Rows ``start`` to ``stop`` of every column of :class:`Rows`."""
        return Rows(**{name: self.column(name, start, stop) for name in Rows.columns()})

    def weights(self) -> bytes | None:
        """The trained classifier, None where predictions came from elsewhere."""
        return self.column("weights").tobytes() if "weights" in self.document["columns"] else None

    @cached_property
    def cells(self) -> CellTable:
        """The cells of the iteration, decided samples included."""
        return CellTable(
            label=self.column("cell_label"),
            prediction=self.column("cell_prediction"),
            start=self.column("cell_start"),
            histogram=self.column("cell_histogram"),
        )

    @cached_property
    def set_apart(self) -> npt.NDArray[np.bool_]:
        """Whether the labels of each class cannot be judged by this iteration: bool (C,)."""
        apart = np.zeros(len(self.classes), bool)
        apart[self.document.get("set_apart", {}).get("classes", [])] = True
        return apart

    @cached_property
    def suspect_cells(self) -> npt.NDArray[np.bool_]:
        """The cells of suspects: another prediction, and a label that can be judged. bool (m,)."""
        cells = self.cells
        return np.asarray((cells.label != cells.prediction) & ~self.set_apart[cells.label])

    @cached_property
    def suspect_rows(self) -> npt.NDArray[np.bool_]:
        """The rows of those cells: bool (n,)."""
        return np.repeat(self.suspect_cells, np.diff(self.cells.start))

    def cell_slice(self, label: int, prediction: int) -> slice:
        """The rows of one cell, most suspicious first; empty where the cell holds nothing."""
        return self.cells.rows_of(label, prediction)

    @cached_property
    def _id_index(self) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.int32]]:
        return self.column("id_sorted"), self.column("id_row")

    def rows_of(self, sample_ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """The row of each sample, −1 where the iteration does not hold it."""
        if not len(sample_ids) or not self.samples:
            return np.full(len(sample_ids), -1, np.int64)
        ids, rows = self._id_index
        wanted = pack_ids(sample_ids)
        at = np.minimum(np.searchsorted(ids, wanted), self.samples - 1)
        return np.where(ids[at] == wanted, rows[at].astype(np.int64), -1)

    def ids_among(self, start: int, wanted: npt.NDArray[np.bool_]) -> list[str]:
        """The ids of some consecutive rows, in no order, without a read once ids were looked up.

        Args:
            start: the first of the rows
            wanted: for each of them, whether its id is wanted
        """
        ids, rows = self._id_index
        inside = np.flatnonzero((rows >= start) & (rows < start + len(wanted)))
        return unpack_ids(ids[inside[wanted[rows[inside] - start]]])


def load_iteration(document: Mapping[str, Any]) -> Iteration:
    """The iteration of a document of the collection; its columns are read once a process."""
    cached = _cached_iteration(document["_id"])
    cached.document = document
    return cached


def last_on_objects(run: Any) -> dict[str, Any] | None:
    """The document of a run's last iteration on objects, None where it has none."""
    return collection_of(ON_OBJECTS).find_one(run.owner, sort=[("number", -1)])


@lru_cache(maxsize=8)
def _cached_iteration(iteration_id: ObjectId) -> Iteration:
    document = collection_of(COLLECTION).find_one({"_id": iteration_id})
    if document is None:
        raise InputError(f"Iteration {iteration_id} was deleted meanwhile. Open the run again.")
    return Iteration(document)
