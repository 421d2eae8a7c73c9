"""Groups of near-duplicates, what a person should know of each, and which image to keep."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class DuplicateGroup:
    """Images that pairs connect, directly or through others."""

    members: list[int]
    """Indices of the images, ascending."""
    ses: float
    """The highest SES of a pair in it."""
    lowest_ses: float
    """The lowest SES of a listed pair in it."""
    leak: bool
    """Its images are in more than one split."""
    label_conflict: bool
    """Its images have more than one label."""
    keep: int
    """The proposal: the image to keep when the others go. A person decides."""


def connected(pairs: NDArray[np.integer[Any]], count: int) -> NDArray[np.int64]:
    """Which group each image is in: the smallest index that pairs connect it with.

    Args:
        pairs: shape (m, 2), indices below `count`.
        count: number of images.

    Returns:
        Shape (count,), int64; an image without a pair has its own index.

    >>> connected(np.array([[4, 3], [1, 3]]), 5).tolist()
    [0, 1, 2, 1, 1]
    """
    a, b = np.asarray(pairs, np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(count, count))
    number = connected_components(graph, directed=False)[1]
    _, first = np.unique(number, return_index=True)
    return first[number]


def duplicate_groups(
    pairs: NDArray[np.integer[Any]],
    ses: NDArray[np.floating[Any]],
    labels: Sequence[Hashable],
    *,
    splits: Sequence[Hashable] | None = None,
    predictions: Sequence[Hashable] | None = None,
    resolutions: Sequence[int] | None = None,
) -> list[DuplicateGroup]:
    """The groups that the pairs make: leaks first, then label conflicts, then by falling SES.

    Args:
        pairs: shape (m, 2), indices of images; those at or above the threshold (`Duplicates.at`).
        ses: shape (m,), of the pairs.
        labels: of all images.
        splits: of all images; None for an image in no split. A leak needs two different ones.
        predictions: predicted labels of all images, for the proposal.
        resolutions: pixels of all images' files, for the proposal.

    Raises:
        ValueError: `ses` is not aligned with `pairs`, or another sequence not with `labels`.

    >>> pairs, ses = np.array([[0, 1], [2, 3]]), np.array([0.99, 0.9])
    >>> groups = duplicate_groups(pairs, ses, ["a", "a", "b", "c"], resolutions=[64, 256, 9, 9])
    >>> [(group.members, group.label_conflict, group.keep) for group in groups]
    [([2, 3], True, 2), ([0, 1], False, 1)]
    """
    if len(ses) != len(pairs):
        raise ValueError(
            f"ses must have one value for each of the {len(pairs)} pairs, got {len(ses)}"
        )
    for name, rows in (
        ("splits", splits),
        ("predictions", predictions),
        ("resolutions", resolutions),
    ):
        if rows is not None and len(rows) != len(labels):
            raise ValueError(
                f"{name} must have one entry for each of the {len(labels)} labels, got {len(rows)}"
            )
    if not len(pairs):
        return []
    images, local = np.unique(np.asarray(pairs, dtype=np.int64), return_inverse=True)
    local = local.reshape(-1, 2)
    group_of = connected(local, len(images))
    ends: dict[int, list[float]] = {}
    for group, value in zip(group_of[local[:, 0]].tolist(), np.asarray(ses).tolist(), strict=True):
        low, high = ends.get(group, (value, value))
        ends[group] = [min(low, value), max(high, value)]
    members: dict[int, list[int]] = {}
    for group, image in zip(group_of.tolist(), images.tolist(), strict=True):
        members.setdefault(group, []).append(image)
    groups = [
        DuplicateGroup(
            members=of_group,
            ses=ends[group][1],
            lowest_ses=ends[group][0],
            leak=splits is not None and len({splits[i] for i in of_group} - {None}) > 1,
            label_conflict=len({labels[i] for i in of_group}) > 1,
            keep=proposal(of_group, labels, predictions, resolutions),
        )
        for group, of_group in members.items()
    ]
    return sorted(groups, key=lambda g: (not g.leak, not g.label_conflict, -g.ses, g.members))


def holding(
    groups: Sequence[DuplicateGroup], wanted: NDArray[np.bool_]
) -> tuple[list[DuplicateGroup], NDArray[np.bool_]]:
    """The groups that hold one of some images, and whether each image is in one of these.

    Args:
        groups: of images
        wanted: bool (n,), by image

    >>> groups = duplicate_groups([[0, 1], [2, 3]], [0.9, 0.8], ["cat"] * 5)
    >>> found, held = holding(groups, np.array([True, False, False, False, True]))
    >>> [group.members for group in found], held.tolist()
    ([[0, 1]], [True, True, False, False, False])
    """
    found = [group for group in groups if wanted[group.members].any()]
    held = np.zeros(len(wanted), bool)
    held[[image for group in found for image in group.members]] = True
    return found, held


def proposal(
    members: Sequence[int],
    labels: Sequence[Hashable],
    predictions: Sequence[Hashable] | None = None,
    resolutions: Sequence[int] | None = None,
) -> int:
    """Which member to keep: one with the agreeing label, the largest of these.

    In this order: label equal to prediction, label most frequent in the group, highest resolution,
        lowest index.

    >>> proposal([0, 1, 2], ["cat", "dog", "cat"], ["cat", "cat", "cat"], [10, 99, 20])
    2
    """
    votes: dict[Hashable, int] = {}
    for i in members:
        votes[labels[i]] = votes.get(labels[i], 0) + 1

    def rank(i: int) -> tuple[bool, int, int, int]:
        agrees = predictions is not None and predictions[i] == labels[i]
        return agrees, votes[labels[i]], 0 if resolutions is None else resolutions[i], -i

    return max(members, key=rank)
