"""Writes an iteration: its rows are collected on disk, sorted into cells, and committed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..scoring.cells import cell_table
from ..scratch import scratch_folder
from .columns import ColumnRef, delete_columns, write_column
from .database import collection_of
from .iterations import COLLECTION, Iteration, Rows

ROWS_PER_CHUNK = 50_000


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
