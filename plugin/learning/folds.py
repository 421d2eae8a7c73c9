"""Folds of a cross-validation: every class spread evenly, and what belongs together in one."""

from __future__ import annotations

import numpy as np

from ..arrays import Int64Array, IntArray


def stratified_folds(
    label: IntArray, folds: int, seed: int, groups: IntArray | None = None
) -> Int64Array:
    """Assign each sample to a fold so that every class is spread evenly over them.

    Args:
        label: int (n,), class indices
        folds: number of folds
        seed: of the assignment
        groups: int (n,), samples with one number get one fold; None: each sample alone. A group
            that is larger than a fold, or that is all there is of a class, is dealt out all the
            same: nothing would be left to learn it from

    Returns:
        int64 (n,), the fold of each sample, 0 to folds - 1

    Example:
        >>> sorted(stratified_folds(np.array([0, 0, 1, 1]), 2, seed=0)[:2].tolist())
        [0, 1]
        >>> groups = np.array([7, 7, 7, 1, 2, 3])
        >>> fold = stratified_folds(np.zeros(6, np.int64), 2, seed=0, groups=groups)
        >>> len(set(fold[:3].tolist())), np.bincount(fold).tolist()
        (1, [3, 3])
    """
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(len(label))
    order = shuffled[np.argsort(label[shuffled], kind="stable")]
    start = int(generator.integers(folds))
    together = [] if groups is None else _together(label, groups, folds)
    if not together:
        fold = np.empty(len(label), np.int64)
        fold[order] = (np.arange(len(label)) + start) % folds
        return fold
    return _dealt(label, order, together, folds, start)


def _together(label: IntArray, groups: IntArray, folds: int) -> list[IntArray]:
    """The samples of each group of several that can stay together, the largest group first."""
    number = np.unique(groups, return_inverse=True)[1]
    size = np.bincount(number)
    order = np.argsort(number, kind="stable")
    ends = np.cumsum(size)
    several = np.flatnonzero((size > 1) & (size <= max(1, len(label) // folds)))
    several = several[np.argsort(-size[several], kind="stable")]
    of_class = np.bincount(label)
    found = [order[ends[g] - size[g] : ends[g]] for g in several.tolist()]
    return [
        rows
        for rows in found
        if (np.bincount(label[rows]) < of_class[: label[rows].max() + 1])[label[rows]].all()
    ]


def _dealt(
    label: IntArray, order: IntArray, together: list[IntArray], folds: int, start: int
) -> Int64Array:
    """Groups first, each where its classes are rarest; then single samples fill up."""
    fold = np.full(len(label), -1, np.int64)
    of_class = np.bincount(label)
    there = np.zeros((folds, len(of_class)), np.int64)
    for rows in together:
        held = there[:, label[rows]] / of_class[label[rows]]
        k = int(np.lexsort((there.sum(axis=1), held.sum(axis=1).round(9)))[0])
        fold[rows] = k
        np.add.at(there[k], label[rows], 1)
    turn = np.roll(np.arange(folds), -start)
    for i in order[fold[order] < 0].tolist():
        k = int(turn[np.argmin(there[turn, label[i]])])
        fold[i] = k
        there[k, label[i]] += 1
        turn = np.roll(turn, -1)
    return fold
