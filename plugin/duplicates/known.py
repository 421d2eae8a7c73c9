"""What an earlier comparison found of the samples that are still as they were."""

from __future__ import annotations

import hashlib
import os
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .store import COLUMNS, KeptDuplicates

DECODED = 2
"""How images are decoded to be compared; what was compared in another way is compared anew."""

PER_SAMPLE = ("sample_id", "path", "file", "pixels", "structure", "size")

Columns = dict[str, npt.NDArray[Any]]


class Known(NamedTuple):
    """What an earlier comparison found of the samples that are still as they were."""

    columns: Columns
    document: dict[str, Any]


def path_digest(path: str) -> int:
    """What tells one file from another by its path, in 8 bytes."""
    return int.from_bytes(hashlib.blake2b(path.encode(), digest_size=8).digest(), "little")


def still_known(
    kept: KeptDuplicates, ids: list[str], paths: list[str], digests: npt.NDArray[np.uint64]
) -> tuple[Known, npt.NDArray[np.int64]]:
    """What is known of samples that are there with the same file, and their places in ``ids``.

    A pair of an image that is gone passes to one of its exact copies.
    """
    place = {sample: i for i, sample in enumerate(ids)}
    at = np.array([place.get(sample, -1) for sample in kept.sample_ids], np.int64)
    columns = {name: kept.column(name) for name in COLUMNS}
    stays = at >= 0
    stays[stays] = columns["path"][stays] == digests[at[stays]]
    stays[stays] = [os.path.exists(paths[i]) for i in at[stays].tolist()]
    rows = np.flatnonzero(stays)
    heir = np.full(len(stays), -1, np.int64)  # of each first copy: the first that stays
    heir[kept.first_copy[rows][::-1]] = np.arange(len(rows))[::-1]
    near = heir[columns["near"]]
    alive = (near >= 0).all(axis=1)
    for name in PER_SAMPLE:
        columns[name] = columns[name][stays]
    columns["near"], columns["ses"] = np.sort(near[alive], axis=1), columns["ses"][alive]
    columns["first_copy"] = heir[kept.first_copy[rows]]
    return Known(columns, dict(kept.document)), at[stays]


def has_dense(columns: Columns) -> bool:
    """Whether there are groups of which new predictions may ask for further pairs."""
    from .search import without_dense  # imports torch, which takes seconds

    return not without_dense(columns["near"], columns["ses"], len(columns["sample_id"])).all()


def as_found(columns: Columns, floor: float) -> Any:
    """Kept pairs as a search returns them."""
    from .search import Duplicates

    exact = np.zeros(len(columns["ses"]), bool)
    return Duplicates(columns["near"], columns["ses"], exact, floor, floor)


def of_first_copies(
    near: npt.NDArray[np.int64], ses: npt.NDArray[np.float64], copies: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The pairs between the first copies of their images, each once, by falling SES."""
    near = np.sort(copies[near], axis=1)
    order = np.lexsort((-ses, near[:, 1], near[:, 0]))
    near, ses = near[order], ses[order]
    fresh = np.ones(len(near), bool)
    fresh[1:] = (near[1:] != near[:-1]).any(axis=1)
    fresh &= near[:, 0] != near[:, 1]
    near, ses = near[fresh], ses[fresh]
    falling = np.argsort(-ses, kind="stable")
    return near[falling], ses[falling]


def signals_of(columns: Columns) -> Any:
    """Kept signals as a search computes them."""
    from .search import Signals
    from .structure_features import StructureBasis

    basis = StructureBasis(columns["basis_mean"], columns["basis_axes"])
    return Signals(columns["pixels"], columns["structure"], basis)
