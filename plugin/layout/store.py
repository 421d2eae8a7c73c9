"""The map of an iteration as it is kept: each sample's place, and its neighbour disagreement."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..store.columns import delete_columns, read_column, write_column
from ..store.database import collection_of
from ..store.iterations import Iteration
from ..store.runs import Run

COLLECTION = "deconfuse.maps"
STEPS = 65_535


def keep_map(
    run: Run,
    iteration: Iteration,
    places: npt.NDArray[np.floating[Any]],
    disagreement: npt.NDArray[np.float32],
) -> None:
    """Keep the map of an iteration; one that was there before is replaced in one step.

    Args:
        run: the run
        iteration: whose rows are mapped
        places: float (n, 2), in [0, 1]
        disagreement: float32 (n,)
    """
    map_id = ObjectId()
    owner = {**run.owner, "iteration_id": iteration.id, "map_id": map_id}
    steps = np.rint(np.clip(places, 0.0, 1.0) * STEPS).astype(np.uint16)
    try:
        columns = {
            "places": write_column("map_places", [steps], owner),
            "disagreement": write_column("map_disagreement", [disagreement], owner),
        }
        collection_of(COLLECTION).replace_one(
            {"_id": iteration.id},
            {**run.owner, "map_id": map_id, "columns": columns, "created_at": datetime.now(UTC)},
            upsert=True,
        )
    except BaseException:
        delete_columns({"map_id": map_id})
        raise
    delete_columns({"iteration_id": iteration.id, "map_id": {"$exists": True, "$ne": map_id}})


def map_id(iteration: Iteration) -> str | None:
    """What names the iteration's map, None where it has none."""
    document = _document(iteration)
    return None if document is None else str(document["map_id"])


def map_places(iteration: Iteration) -> npt.NDArray[np.uint16] | None:
    """uint16 (n, 2): each row's place, from 0 to 65,535; None where there is no map."""
    document = _document(iteration)
    return None if document is None else read_column(document["columns"]["places"])


def map_disagreement(iteration: Iteration) -> npt.NDArray[np.float32] | None:
    """float32 (n,): each row's neighbour disagreement; None where there is no map."""
    document = _document(iteration)
    return None if document is None else read_column(document["columns"]["disagreement"])


def _document(iteration: Iteration) -> dict[str, Any] | None:
    return collection_of(COLLECTION).find_one({"_id": iteration.id})
