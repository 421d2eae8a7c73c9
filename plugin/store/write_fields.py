"""Writing an iteration's scores, and scores worked out later, onto the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..progress import Report
from ..scoring.iies import iies
from .fields import LATER_FIELDS, YES_OR_NO, declare_fields, field_type, group_in_sidebar
from .iterations import Iteration, pack_ids, unpack_ids
from .raw_documents import IDS_A_QUERY
from .runs import Run
from .samples import catch_up, reload_held, samples_of, writing

WRITE_CHUNK = 500
WRITERS = 4


def write_scores(
    run: Run, iteration: Iteration, open_count: npt.NDArray[np.int64], report: Report
) -> None:
    """Write an iteration's scores onto the samples.

    One update command sets a whole chunk: the server looks each sample's values up in a literal
    array, which is about twice as fast as one update a sample.

    Args:
        run: the run
        iteration: what to write
        open_count: int64 (m,), CIES of each of the iteration's cells over open samples
        report: told how far it is
    """
    declare_fields(run)
    now = datetime.now(UTC).replace(tzinfo=None)
    values = _Values(iteration, open_count)
    scores = [run.field(name) for name in ("suspicion", "prediction", "iies", "cies")]

    def write(start: int) -> int:
        ids, stored = values.part(start, start + WRITE_CHUNK)
        update = _set_from_list(run, ids, stored, now)
        samples_of(run.dataset).update_many({"_id": {"$in": ids}}, update)
        return len(ids)

    _write_in_chunks(run, scores, iteration.samples, write, "scores", report)
    if iteration.number > 1:
        # scores of an earlier iteration, on samples that this one left out
        _take_off(run, scores, iteration.column("id_sorted"), now)
    run.mark_fields_written(iteration, _milliseconds(now))
    reload_held(run.dataset)


class _Values:
    """What is written onto each sample, in the order of sample ids.

    Neighbours in that order lie side by side on the server's disk: writing in it is half again as
    fast as in the order of rows.
    """

    def __init__(self, iteration: Iteration, open_count: npt.NDArray[np.int64]):
        self._classes = iteration.classes
        self._ids = iteration.column("id_sorted")
        self._rows = iteration.column("id_row")
        self._cells = iteration.cells.start
        self._open = open_count
        self._prediction = iteration.column("prediction")
        self._p_max = iteration.column("p_max")
        self._p_label = iteration.column("p_label")
        self._suspicion = iteration.column("suspicion")

    def part(self, start: int, stop: int) -> tuple[list[ObjectId], list[list[Any]]]:
        ids = [ObjectId(i) for i in unpack_ids(self._ids[start:stop])]
        rows = self._rows[start:stop]
        cies = self._open[np.searchsorted(self._cells, rows, side="right") - 1]
        values = zip(
            [ObjectId() for _ in ids],
            [self._classes[i] for i in self._prediction[rows]],
            self._p_max[rows].tolist(),
            iies(self._p_max[rows], self._p_label[rows]).tolist(),
            cies.tolist(),
            self._suspicion[rows].tolist(),
            strict=True,
        )
        return ids, [list(v) for v in values]


def _set_from_list(
    run: Run, ids: list[ObjectId], values: list[list[Any]], now: datetime
) -> list[dict[str, Any]]:
    mine = "_deconfuse"
    found = {"$indexOfArray": [{"$literal": ids}, "$_id"]}

    def item(i: int) -> dict[str, Any]:
        return {"$arrayElemAt": [f"${mine}", i]}

    is_open = {"$eq": [{"$ifNull": [f"${run.field('decision')}", None]}, None]}
    return [
        {"$set": {mine: {"$arrayElemAt": [{"$literal": values}, found]}}},
        {
            "$set": {
                run.field("prediction"): {
                    "_id": item(0),
                    "_cls": "Classification",
                    "tags": [],
                    "label": item(1),
                    "confidence": item(2),
                    "logits": None,
                },
                run.field("iies"): item(3),
                run.field("cies"): {"$cond": [is_open, item(4), None]},
                run.field("suspicion"): item(5),
                "last_modified_at": now,
            }
        },
        {"$unset": mine},
    ]


def write_numbers(
    run: Run,
    name: str,
    sample_ids: npt.NDArray[np.bytes_],
    values: npt.NDArray[np.floating[Any]],
    report: Report,
    *,
    others: bool = True,
) -> None:
    """Write one of ``LATER_FIELDS`` onto samples, and take it off all others.

    Args:
        run: the run
        name: the field, without its prefix
        sample_ids: S12 (n,), as ``iterations.pack_ids`` gives them
        values: float (n,); NaN for none
        report: told how far it is
        others: whether it is taken off other samples
    """
    field = run.field(name)
    catch_up(run.dataset)
    if not run.dataset.has_field(field):
        run.dataset.add_sample_field(field, field_type(name), description=LATER_FIELDS[name])
        group_in_sidebar(run)
    stored = bool if name in YES_OR_NO else float

    def numbers(rows: npt.NDArray[np.int64]) -> list[Any]:
        return [None if np.isnan(v) else stored(v) for v in values[rows]]

    write_values(run, name, sample_ids, numbers, report, others=others)


def write_values(
    run: Run,
    name: str,
    sample_ids: npt.NDArray[np.bytes_],
    values: Callable[[npt.NDArray[np.int64]], list[Any]],
    report: Report,
    *,
    others: bool = True,
) -> None:
    """Write one declared field onto samples, and take it off all others.

    Args:
        run: the run
        name: the field, without its prefix
        sample_ids: S12 (n,), as ``iterations.pack_ids`` gives them
        values: what is stored on some of these, by their indices
        report: told how far it is
        others: whether it is taken off other samples
    """
    field, now = run.field(name), datetime.now(UTC).replace(tzinfo=None)
    order = np.argsort(sample_ids, kind="stable")

    def write(start: int) -> int:
        rows = order[start : start + WRITE_CHUNK]
        ids = [ObjectId(i) for i in unpack_ids(sample_ids[rows])]
        place = {"$indexOfArray": [{"$literal": ids}, "$_id"]}
        value = {"$arrayElemAt": [{"$literal": values(rows)}, place]}
        samples_of(run.dataset).update_many(
            {"_id": {"$in": ids}}, [{"$set": {field: value, "last_modified_at": now}}]
        )
        return len(ids)

    _write_in_chunks(run, [field], len(order), write, name, report)
    if others:
        _take_off(run, [field], sample_ids, now)
    reload_held(run.dataset)


def _write_in_chunks(
    run: Run,
    fields: Sequence[str],
    samples: int,
    write: Callable[[int], int],
    what: str,
    report: Report,
) -> None:
    """Call ``write`` with the start of each chunk, several at once; it says how many it wrote."""
    done = 0
    with writing(run.dataset, *fields), ThreadPoolExecutor(WRITERS) as pool:
        for written in pool.map(write, range(0, samples, WRITE_CHUNK)):
            done += written
            report(done / samples, f"Writing {what} onto the samples")


def _take_off(
    run: Run, fields: Sequence[str], sample_ids: npt.NDArray[np.bytes_], now: datetime
) -> None:
    """Empty fields on all samples but the given ones, where the first of them is not empty.

    By id, not by when a sample was changed last: clocks differ, and others write meanwhile.
    """
    collection = samples_of(run.dataset)
    holders = [d["_id"] for d in collection.find({fields[0]: {"$ne": None}}, {"_id": 1})]
    other = ~np.isin(pack_ids([str(i) for i in holders]), sample_ids)
    stale = [holders[i] for i in np.flatnonzero(other).tolist()]
    for start in range(0, len(stale), IDS_A_QUERY):
        part = stale[start : start + IDS_A_QUERY]
        emptied = {**dict.fromkeys(fields), "last_modified_at": now}
        with writing(run.dataset, *fields):
            collection.update_many({"_id": {"$in": part}}, {"$set": emptied})


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
