"""What an earlier comparison found of the samples that are still as they were."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..images.digests import file_digests
from ..progress import Report, silent
from .store import COLUMNS, KeptDuplicates

DECODED = 2
"""How images are decoded to be compared; what was compared in another way is compared anew."""

PER_SAMPLE = ("sample_id", "path", "stamp", "file", "pixels", "structure", "size")

Columns = dict[str, npt.NDArray[Any]]


class Known(NamedTuple):
    """What an earlier comparison found of the samples that are still as they were."""

    columns: Columns
    document: dict[str, Any]


def file_signs(paths: Sequence[str]) -> npt.NDArray[np.uint64]:
    """What tells files from others without reading them, shape (n, 2).

    Returns:
        a digest of each file's path, and one of its size and times of change, 0 where it is missing
    """
    signs = [(_digest(path), _stamp(path)) for path in paths]
    return np.array(signs, np.uint64).reshape(-1, 2)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _stamp(path: str) -> int:
    try:
        found = os.stat(path)
    except OSError:
        return 0
    # The time of change as well: a copy may bring along the time of modification.
    return _digest(f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}")


def still_known(
    kept: KeptDuplicates,
    ids: list[str],
    paths: list[str],
    signs: npt.NDArray[np.uint64],
    report: Report = silent,
) -> tuple[Known, npt.NDArray[np.int64]]:
    """What is known of samples that are there with the same file, and their places in ``ids``.

    A file with another stamp is read, and is the same where its content is. A pair of an image that
    is gone, or was exchanged, passes to one of its exact copies.

    Args:
        kept: the earlier comparison
        ids: the samples that there are
        paths: their files
        signs: of these, by ``file_signs``
        report: told of progress while files are read
    """
    place = {sample: i for i, sample in enumerate(ids)}
    at = np.array([place.get(sample, -1) for sample in kept.sample_ids], np.int64)
    columns = {name: kept.column(name) for name in COLUMNS}
    stays = at >= 0
    stays[stays] = columns["path"][stays] == signs[at[stays], 0]
    stays[stays] = signs[at[stays], 1] != 0
    touched = np.flatnonzero(stays)
    touched = touched[columns["stamp"][touched] != signs[at[touched], 1]]
    contents = file_digests([paths[i] for i in at[touched].tolist()], report)
    same = zip(columns["file"][touched], contents, strict=True)
    stays[touched] = [before.tobytes() == now for before, now in same]
    rows = np.flatnonzero(stays)
    columns["stamp"] = columns["stamp"].copy()
    columns["stamp"][rows] = signs[at[rows], 1]
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
