"""Rounds of cleaning by importance as they are kept, and the samples that were handed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import Binary

from ..store.database import collection_of
from ..store.iterations import Iteration, pack_ids
from ..store.runs import Run

COLLECTION = "deconfuse.importance"


@dataclass(frozen=True)
class KeptRound:
    """One scoring by importance.

    Attributes:
        iteration: number of the iteration whose rows were scored
        embeddings: name of the embeddings, empty for the run's own features
        variant: ``label_aware`` or ``label_free``
        looked, fixed: samples decided on by then; of these, those relabelled or removed
        auroc: mean over the classes, None where it is not defined
        auroc_by_class: one a class of the iteration, None where it is not defined
        begin: the class to begin with first: ``label``, ``prediction`` (names), ``samples``,
            ``share``
    """

    iteration: int
    embeddings: str
    variant: str
    looked: int
    fixed: int
    auroc: float | None
    auroc_by_class: list[float | None]
    begin: list[dict[str, Any]]


def keep_round(run: Run, iteration: Iteration, new: KeptRound) -> None:
    """Keep one more round; one that saw the same decisions is replaced."""
    document = {
        **run.owner,
        "kind": "round",
        "iteration_id": iteration.id,
        **new.__dict__,
        "created_at": datetime.now(UTC),
    }
    last = _last(run)
    same = ("iteration_id", "embeddings", "variant", "looked", "fixed")
    if last is not None and all(last[name] == document[name] for name in same):
        _collection().replace_one({"_id": last["_id"]}, document)
    else:
        _collection().insert_one(document)


def kept_rounds(run: Run) -> list[KeptRound]:
    """The rounds that can be compared with the last one, first to last.

    AUROC depends on the vectors: rounds on another iteration's features, other embeddings or in
    another variant are left out.
    """
    last = _last(run)
    if last is None:
        return []
    series = {name: last[name] for name in ("iteration_id", "embeddings", "variant")}
    found = _collection().find({**run.owner, "kind": "round", **series}).sort("_id", 1)
    names = KeptRound.__dataclass_fields__
    return [KeptRound(**{name: document[name] for name in names}) for document in found]


def hand_out(run: Run, sample_ids: Sequence[str]) -> None:
    """Note that samples were given to somebody to be looked at."""
    if sample_ids:
        packed = Binary(pack_ids(sample_ids).tobytes())
        _collection().insert_one({**run.owner, "kind": "handed out", "sample_ids": packed})


def handed_out(run: Run) -> npt.NDArray[np.bytes_]:
    """S12 (m,): the samples that were handed out so far, each once."""
    found = _collection().find({**run.owner, "kind": "handed out"}, {"sample_ids": 1})
    return np.unique(np.frombuffer(b"".join(d["sample_ids"] for d in found), "S12"))


def _last(run: Run) -> dict[str, Any] | None:
    return _collection().find_one({**run.owner, "kind": "round"}, sort=[("_id", -1)])


def _collection() -> Any:
    return collection_of(COLLECTION)
