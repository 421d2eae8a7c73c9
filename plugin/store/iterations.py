"""Iterations: what one classifier said of every sample, written once and read by row or cell."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..errors import InputError
from ..scoring.cells import CellTable, cell_table
from ..scoring.scores import Scores
from ..scratch import scratch_folder
from .columns import ColumnRef, delete_columns, read_column, write_column
from .database import collection_of

COLLECTION = "deconfuse.iterations"
ON_OBJECTS = "deconfuse.object_iterations"
ROWS_PER_CHUNK = 50_000


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


class IterationWriter:
    """Collects the rows of an iteration on disk, sorts them into cells, and commits them.

    Use it as a context manager: leaving it without :meth:`commit` leaves no trace. Memory stays
    bounded by the ids and sort keys, about 40 bytes a sample at the moment of sorting.

    Args:
        dataset_id: the dataset's id
        run_key: the run's key
        classes: the class names that ``label`` and ``prediction`` index
    """

    def __init__(self, dataset_id: ObjectId, run_key: str, classes: Sequence[str]):
        self._id = ObjectId()
        self._owner = {"dataset_id": dataset_id, "run_key": run_key, "iteration_id": self._id}
        self._classes = list(classes)
        self._spool = scratch_folder("iteration")
        self._formats: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
        self._files = {name: (self._spool / name).open("wb") for name in Rows.columns()}
        self._committed = False
        self.samples = 0

    def __enter__(self) -> IterationWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            with suppress(OSError):  # a full disk, which has been raised already
                file.close()
        shutil.rmtree(self._spool, ignore_errors=True)
        if not self._committed:
            delete_columns({"iteration_id": self._id})

    def append(self, rows: Rows) -> None:
        """Add rows; their order is that of the dataset."""
        for name, file in self._files.items():
            values = np.ascontiguousarray(getattr(rows, name))
            self._formats[name] = (values.dtype, values.shape[1:])
            file.write(values.tobytes())
        self.samples += len(rows)

    def set_apart(self, classes: npt.NDArray[np.bool_], suspicion: float) -> None:
        """Give every sample whose label is one of some classes the same suspicion.

        Args:
            classes: bool (C,)
            suspicion: of each
        """
        for file in self._files.values():
            file.flush()
        if not self.samples or not classes.any():
            return
        values = np.memmap(
            self._spool / "suspicion", self._formats["suspicion"][0], "r+", shape=(self.samples,)
        )
        for start in range(0, self.samples, ROWS_PER_CHUNK):
            part = slice(start, start + ROWS_PER_CHUNK)
            values[part][classes[self._spooled("label")[part]]] = suspicion
        values.flush()

    def move_suspicion(self, moved: Callable[[slice], npt.NDArray[np.float64]]) -> None:
        """Add to every sample's suspicion.

        Args:
            moved: what to add, float (m,), to a slice of m rows in the order they were added in
        """
        for file in self._files.values():
            file.flush()
        if not self.samples:
            return
        values = np.memmap(
            self._spool / "suspicion", self._formats["suspicion"][0], "r+", shape=(self.samples,)
        )
        for start in range(0, self.samples, ROWS_PER_CHUNK):
            part = slice(start, min(start + ROWS_PER_CHUNK, self.samples))
            values[part] += moved(part).astype(values.dtype)
        values.flush()

    def added(self, name: str, part: slice) -> npt.NDArray[Any]:
        """Some values of a column, in the order they were added in; flushed before."""
        return np.asarray(self._spooled(name)[part])

    def commit(self, header: Mapping[str, Any], weights: bytes | None = None) -> Iteration:
        """Sort, store, and make the iteration visible to everybody at once.

        Args:
            header: ``number``, ``settings``, ``counts``, ``skipped`` and whatever else is kept
            weights: the trained classifier, as ``checkpoints.to_bytes`` gives it
        """
        for file in self._files.values():
            file.flush()
        order = self._order()
        columns = {name: self._store(name, order) for name in Rows.columns()}
        columns |= self._store_index(order)
        if weights is not None:
            data = np.frombuffer(weights, np.uint8)
            columns["weights"] = write_column("weights", [data], self._owner)
        document = {
            **header,
            "_id": self._id,
            "dataset_id": self._owner["dataset_id"],
            "run_key": self._owner["run_key"],
            "classes": self._classes,
            "samples": self.samples,
            "columns": columns,
            "created_at": datetime.now(UTC),
            "fields_written": False,
        }
        collection_of(COLLECTION).insert_one(document)
        self._committed = True
        return Iteration(document)

    def _spooled(self, name: str) -> npt.NDArray[Any]:
        dtype, tail = self._formats[name]
        if self.samples == 0 or 0 in tail:
            return np.empty((self.samples, *tail), dtype)
        return np.memmap(self._spool / name, dtype=dtype, mode="r", shape=(self.samples, *tail))

    def _order(self) -> npt.NDArray[np.int64]:
        return np.lexsort(
            (-self._spooled("suspicion"), self._spooled("prediction"), self._spooled("label"))
        )

    def _store(self, name: str, order: npt.NDArray[np.int64]) -> ColumnRef:
        values = self._spooled(name)
        parts = (
            np.asarray(values[order[i : i + ROWS_PER_CHUNK]])
            for i in range(0, max(self.samples, 1), ROWS_PER_CHUNK)
        )
        return write_column(name, parts, self._owner)

    def _store_index(self, order: npt.NDArray[np.int64]) -> dict[str, ColumnRef]:
        label, prediction = self._spooled("label")[order], self._spooled("prediction")[order]
        p_max, p_label = self._spooled("p_max")[order], self._spooled("p_label")[order]
        table = cell_table(label, prediction, p_max, p_label, len(self._classes))
        ids = np.asarray(self._spooled("sample_id"))[order]
        id_row = np.argsort(ids, kind="stable").astype(np.int32)
        arrays = {
            "id_sorted": ids[id_row],
            "id_row": id_row,
            "cell_label": table.label,
            "cell_prediction": table.prediction,
            "cell_start": table.start,
            "cell_histogram": table.histogram,
        }
        return {name: write_column(name, [a], self._owner) for name, a in arrays.items()}
