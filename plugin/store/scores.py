"""Scores of an iteration's rows that are worked out later, such as importance, as kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from .columns import delete_columns, read_column, write_column
from .database import collection_of
from .iterations import Iteration
from .runs import Run

COLLECTION = "deconfuse.ranks"
VALUES = "values"


def write_rank(
    run: Run, iteration: Iteration, name: str, values: npt.NDArray[np.floating[Any]]
) -> None:
    """Keep one score of every row; one of that name that was there is replaced in one step.

    Args:
        run: the run
        iteration: whose rows are scored
        name: what the score is called, such as ``importance``
        values: float (n,), aligned with the iteration's rows; NaN where a row has none

    Raises:
        ValueError: if there is not one value a row
    """
    if values.shape != (iteration.samples,):
        raise ValueError(
            f"values must have shape ({iteration.samples},), one a row of iteration "
            f"{iteration.number}, got {values.shape}"
        )
    _write(run, iteration, name, {VALUES: values.astype(np.float32)})


def write_table(
    run: Run, iteration: Iteration, name: str, columns: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Keep arrays of any length beside an iteration; what was there is replaced in one step."""
    _write(run, iteration, name, columns)


def _write(
    run: Run, iteration: Iteration, name: str, columns: Mapping[str, npt.NDArray[Any]]
) -> None:
    rank = ObjectId()
    owner = {**run.owner, "iteration_id": iteration.id, "rank": name, "rank_id": rank}
    try:
        refs = {
            column: write_column(f"rank_{name}", [values], owner)
            for column, values in columns.items()
        }
        collection_of(COLLECTION).replace_one(
            _key(iteration, name),
            {
                **run.owner,
                "iteration_id": iteration.id,
                "name": name,
                "rank_id": rank,
                **({"column": refs[VALUES]} if set(refs) == {VALUES} else {"columns": refs}),
                "created_at": datetime.now(UTC),
            },
            upsert=True,
        )
    except BaseException:
        delete_columns({"rank_id": rank})
        raise
    delete_columns({"iteration_id": iteration.id, "rank": name, "rank_id": {"$ne": rank}})


def read_rank(run: Run, iteration: Iteration, name: str) -> npt.NDArray[np.float32] | None:
    """float32 (n,): one value a row, NaN where it has none; None where nobody computed it."""
    document = _document(run, iteration, name)
    return None if document is None else read_column(document["column"])


def read_table(run: Run, iteration: Iteration, name: str) -> dict[str, npt.NDArray[Any]] | None:
    """What ``write_table`` kept, by column; None where nobody did."""
    document = _document(run, iteration, name)
    if document is None:
        return None
    return {column: read_column(ref) for column, ref in document["columns"].items()}


def rank_id(run: Run, iteration: Iteration, name: str) -> str | None:
    """What names the values that are kept now, None where there are none."""
    document = _document(run, iteration, name)
    return None if document is None else str(document["rank_id"])


def _key(iteration: Iteration, name: str) -> dict[str, Any]:
    return {"_id": {"iteration": iteration.id, "name": name}}


def _document(run: Run, iteration: Iteration, name: str) -> dict[str, Any] | None:
    return collection_of(COLLECTION).find_one({**_key(iteration, name), **run.owner})
