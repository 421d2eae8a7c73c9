"""Which samples stay in one fold: what nearly shows one another's picture tells its label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..abandonable import abandonable
from ..arrays import Int64Array, Vectors
from ..documents import value_at
from ..duplicates.groups import connected
from ..duplicates.store import load_duplicates
from ..errors import InputError
from ..images.digests import file_digests, first_equal
from ..progress import Report, part_of
from ..store.raw_documents import read_documents
from ..store.runs import list_runs, load_run
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from ..vectors.bursts import near_pairs
from .settings import COPIES, NO_GROUPS, Settings

LARGEST_BURST = 50
"""Pictures that resemble each other in a row of more are no burst: they are taken apart again."""


def groups_to_keep(
    samples: Collection,
    settings: Settings,
    sample_ids: Sequence[str],
    filepaths: Sequence[str],
    features: Vectors | None,
    report: Report,
) -> Int64Array | None:
    """The group of each sample, for the folds of a cross-validation.

    Samples are together that are copies by their files' content, near-duplicates by what the run
    keeps of its last comparison, of nearly equal features, or equal in a field that is named.

    Args:
        samples: the dataset or a view of it
        settings: ``fold_groups`` says what to keep together
        sample_ids: n
        filepaths: n
        features: (n, d) where there are any
        report: told how far it is

    Returns:
        int64 (n,); None where nothing is to be kept together

    Raises:
        InputError: if the field is not there, or its values cannot be compared
    """
    wanted = settings.fold_groups
    if wanted == NO_GROUPS:
        return None
    n = len(sample_ids)
    sure = [_copies(filepaths, part_of(report, 0.0, 0.5))]
    sure.append(_compared(samples, settings.run_key, sample_ids))
    if wanted != COPIES:
        sure.append(_of_field(samples, wanted, sample_ids))
    groups = connected(np.concatenate(sure), n)
    if features is None:
        return groups
    alike: Int64Array = abandonable(
        lambda told: near_pairs(features, told), part_of(report, 0.5, 1.0), "Looking for bursts"
    )
    wider = connected(np.concatenate([*sure, alike]), n)
    large = np.bincount(wider, minlength=n)[wider] > LARGEST_BURST
    kept = alike[~large[alike[:, 0]]]
    return connected(np.concatenate([*sure, kept]), n)


def check_fold_groups(samples: Collection, settings: Settings) -> None:
    """Raise InputError unless ``fold_groups`` names what can be asked, or a field that is there."""
    if settings.fold_groups in (COPIES, NO_GROUPS):
        return
    dataset = root_dataset(samples)
    if dataset.get_field(settings.fold_groups) is None:
        raise InputError(
            f"fold_groups: expected '{COPIES}', '{NO_GROUPS}' or a field whose equal values stay "
            f"in one fold, got '{settings.fold_groups}', and '{dataset.name}' has no such field"
        )


def grouped(groups: Int64Array | None) -> dict[str, int]:
    """What an iteration keeps of the groups: how many hold several samples, and how many those are.

    >>> grouped(np.array([0, 0, 2]))
    {'fold_groups_found': 1, 'samples_in_groups': 2}
    """
    size = np.zeros(0, np.int64) if groups is None else np.unique(groups, return_counts=True)[1]
    several = size[size > 1]
    return {"fold_groups_found": len(several), "samples_in_groups": int(several.sum())}


def _copies(filepaths: Sequence[str], report: Report) -> Int64Array:
    """Each copy of a file's content, with the first one."""
    digests = abandonable(
        lambda told: file_digests(filepaths, told),
        report,
        "Looking for exact copies",
    )
    first = first_equal(digests)
    return np.stack([first, np.arange(len(first))], axis=1)


def _compared(samples: Collection, run_key: str, sample_ids: Sequence[str]) -> Int64Array:
    """The near-duplicates that the run keeps, at its threshold."""
    dataset = root_dataset(samples)
    kept = None
    if run_key in list_runs(dataset):
        kept = load_duplicates(load_run(dataset, run_key))
    if kept is None:
        return np.empty((0, 2), np.int64)
    place = {sample_id: at for at, sample_id in enumerate(sample_ids)}
    at = np.array([place.get(sample_id, -1) for sample_id in kept.sample_ids], np.int64)
    first = kept.first_copy
    copies = np.stack([first, np.arange(len(first))], axis=1)
    # A copy stands for its first one, which may be gone since: pairs are joined before.
    pairs = np.concatenate([copies, kept.near[kept.ses >= kept.threshold]])
    group = connected(pairs, len(at))
    there = np.flatnonzero(at >= 0)
    _, leader = np.unique(group[there], return_index=True)
    leaders = dict(zip(group[there[leader]].tolist(), at[there[leader]].tolist(), strict=True))
    return np.array(
        [
            (leaders[g], row)
            for g, row in zip(group[there].tolist(), at[there].tolist(), strict=True)
        ],
        np.int64,
    ).reshape(-1, 2)


def _of_field(samples: Collection, name: str, sample_ids: Sequence[str]) -> Int64Array:
    """Samples of one value, each with the first; those without a value are alone."""
    value: dict[str, Any] = {}
    for documents in read_documents(samples, [name]):
        for document in documents:
            found = value_at(document, name)
            if isinstance(found, dict):  # a label stands for its class
                found = found.get("label")
            if isinstance(found, (list, dict, bytes)):
                raise InputError(
                    f"fold_groups: '{name}' holds {type(found).__name__}s; expected one text, "
                    "number, date or label a sample"
                )
            value[str(document["_id"])] = found
    values = [value.get(sample_id) for sample_id in sample_ids]
    if len({v for v in values if v is not None}) < 2:
        raise InputError(
            f"fold_groups: '{name}' has fewer than two values on the labelled samples, so that "
            "nothing can be held out"
        )
    first = first_equal(values)
    return np.stack([first, np.arange(len(first))], axis=1)
