"""Classifiers on features, out of fold: each sample is judged by heads that have not seen it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.decomposition import PCA

from ..abandonable import abandonable
from ..arrays import BoolArray, Float32Array, Int64Array
from ..percent import percent
from ..progress import Report, part_of, silent
from ..scoring.pooling import fit_pool
from ..scoring.probabilities import LogProbabilities, from_logits, log_probabilities
from .discriminant import LinearDiscriminant
from .folds import stratified_folds
from .linear_head import LinearHead

HEADS = ("linear discriminant", "logistic regression", "nearest neighbours")
FOLDS = 5
ROWS_A_PENALTY = 10
"""The penalty is one for so many rows: measured on photographs, where 1 in all learns errors."""
MOST_AXES = 256
FIT_ROWS = 20_000
VOTE_AXES = 128
MOST_VOTERS = 50_000
MOST_VOTES = 70
VOTE_SCALE = 0.1
"""A neighbour whose cosine is less than the nearest one's by this has a vote of 1/e."""
ASKED_AT_ONCE = 2_000
POOL_NUMBERS = 400_000


Heads = dict[str, LogProbabilities]
Elsewhere = Callable[
    [Float32Array, Int64Array, Int64Array, int, int, Report], Iterable[tuple[int, Heads]]
]
"""Given rows, labels, folds, and the numbers of folds and classes: what ``say_of_fold`` says of
each fold, in any order."""


@dataclass(frozen=True)
class OutOfFold:
    """What heads say of samples that they have not seen.

    Attributes:
        log_probabilities: float32 (n, C), of the heads together
        unseen: bool (n,), whether no sample with the label was in the training folds
        heads: what was fitted, in words
        weights: each head's share, see ``scoring/pooling.py``
    """

    log_probabilities: Float32Array
    unseen: BoolArray
    heads: str
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """A sentence on the shares."""
        nothing = [name for name, share in self.weights.items() if not share]
        tail = f" ({' and '.join(nothing)} added nothing)" if nothing else ""
        return f"Judged by classifiers that have not seen the label: {self.heads}{tail}."


def out_of_fold(
    features: Float32Array,
    label: Int64Array,
    groups: Int64Array | None,
    seed: int,
    *,
    classes: int,
    folds: int = FOLDS,
    device: torch.device | str = "cpu",
    elsewhere: Elsewhere | None = None,
    report: Report = silent,
) -> OutOfFold:
    """Judge every sample by heads that were fitted on the other folds.

    A linear discriminant, a logistic regression and a vote of the nearest neighbours, pooled by
    the likelihood of the labels. All see the features' principal axes, which need no labels.

    Args:
        features: (n, d)
        label: (n,), class indices
        groups: (n,), samples with one number stay in one fold; None: each alone
        seed: of the folds
        classes: number of classes
        folds: number of folds, at least 2
        device: where to compute
        elsewhere: who else fits the heads; None: this process
        report: told how far it is
    """
    fold = stratified_folds(label, folds, seed, groups)
    rows = abandonable(lambda _: on_axes(features, seed), report, "Reducing features", 0.0)
    said: dict[str, Float32Array] = {}
    unseen = np.zeros(len(label), bool)
    if elsewhere is not None:
        of_folds = elsewhere(rows, label, fold, folds, classes, report)
    else:
        stages = [part_of(report, k / folds, (k + 1) / folds) for k in range(folds)]
        of_folds = (
            (k, say_of_fold(rows, label, fold, k, classes, device, stage))
            for k, stage in enumerate(stages)
        )
    for k, heads in of_folds:
        asked = np.flatnonzero(fold == k)
        for name, log_p in heads.items():
            said.setdefault(name, np.empty((len(label), classes), np.float32))[asked] = log_p
        seen = np.bincount(label[fold != k], minlength=classes) > 0
        unseen[asked] = ~seen[label[asked]]
    # Folds may come in any order, and so may a head's first one.
    return _pooled({name: said[name] for name in HEADS}, label, unseen, seed, report)


def say_of_fold(
    rows: Float32Array,
    label: Int64Array,
    fold: Int64Array,
    k: int,
    classes: int,
    device: torch.device | str,
    report: Report,
) -> Heads:
    """What each head says of a fold, fitted on the others.

    Args:
        rows: (n, d), from ``on_axes``
        label: (n,), class indices
        fold: (n,)
        k: the fold that is asked
        classes: number of classes
        device: where to compute
        report: told how far it is

    Returns:
        float (m, C) for each head, of the m rows of the fold in their order
    """
    heads = _Heads(rows, label, classes, device)
    return heads.say(np.flatnonzero(fold != k), np.flatnonzero(fold == k), report)


def _pooled(
    said: dict[str, Float32Array],
    label: Int64Array,
    unseen: BoolArray,
    seed: int,
    report: Report,
) -> OutOfFold:
    names, models = list(said), list(said.values())
    classes = models[0].shape[1]
    able = np.flatnonzero(~unseen)
    most = max(1_000, POOL_NUMBERS // (classes * len(models)))
    some = np.sort(np.random.default_rng(seed).permutation(able)[:most])
    asked = [m[some].astype(np.float64) for m in models]
    pool = abandonable(lambda _: fit_pool(asked, label[some]), report, "Weighting the heads", 1.0)
    weights = np.full(len(models), 1 / len(models)) if pool is None else pool.weights
    together = np.empty_like(models[0])
    for start in range(0, len(label), ASKED_AT_ONCE):
        part = [m[start : start + ASKED_AT_ONCE].astype(np.float64) for m in models]
        mixed = from_logits(np.mean(part, axis=0)) if pool is None else pool(part)
        together[start : start + ASKED_AT_ONCE] = mixed
    shares = {n: round(float(w), 3) for n, w in zip(names, weights, strict=True)}
    told = ", ".join(f"{name} {percent(share)}" for name, share in shares.items() if share)
    return OutOfFold(together, unseen, told, shares)


def on_axes(features: Float32Array, seed: int) -> Float32Array:
    """The standardised features on their principal axes, each as wide as it is.

    Axes that are made equally wide give what hardly varies as much to say as the rest: on
    photographs the logistic regression then finds a fifth less.
    """
    n, width = features.shape
    some = np.sort(np.random.default_rng(seed).permutation(n)[:FIT_ROWS])
    part = np.asarray(features[some], np.float32)
    mean, spread = part.mean(axis=0), part.std(axis=0)
    scale = np.where(spread > 1e-12, spread, 1.0).astype(np.float32)
    axes = PCA(min(MOST_AXES, width, len(some)), random_state=seed)
    axes.fit((part - mean) / scale)
    parts = [
        axes.transform(
            (np.asarray(features[start : start + ASKED_AT_ONCE], np.float32) - mean) / scale
        )
        for start in range(0, n, ASKED_AT_ONCE)
    ]
    return np.concatenate(parts).astype(np.float32)


class _Heads:
    """The heads on some rows, fitted anew for each fold."""

    def __init__(
        self, rows: Float32Array, label: Int64Array, classes: int, device: torch.device | str
    ):
        self._rows, self._label = rows, label
        self._classes, self._device = classes, device

    def say(
        self,
        learned: Int64Array,
        asked: Int64Array,
        report: Report,
    ) -> Heads:
        """What each head says of the rows that are asked for, by its name."""
        stages = {
            HEADS[0]: (0.0, 0.1, self._discriminant),
            HEADS[1]: (0.1, 0.6, self._logistic),
            HEADS[2]: (0.6, 1.0, self._vote),
        }
        return {
            name: self._done(work, name, learned, asked, part_of(report, begin, end))
            for name, (begin, end, work) in stages.items()
        }

    def _done(
        self,
        work: Callable[[Int64Array, Int64Array, Report], LogProbabilities],
        name: str,
        learned: Int64Array,
        asked: Int64Array,
        report: Report,
    ) -> LogProbabilities:
        return abandonable(lambda told: work(learned, asked, told), report, f"Fitting: {name}", 0.0)

    def _discriminant(
        self,
        learned: Int64Array,
        asked: Int64Array,
        report: Report,
    ) -> LogProbabilities:
        report(0.0, "Fitting the linear discriminant")
        head = LinearDiscriminant(self._rows[learned], self._label[learned], self._classes)
        return head.log_probabilities(self._rows[asked])

    def _logistic(
        self,
        learned: Int64Array,
        asked: Int64Array,
        report: Report,
    ) -> LogProbabilities:
        penalty = max(1.0, len(learned) / ROWS_A_PENALTY)
        width = self._rows.shape[1]
        as_they_are = np.zeros(width), np.ones(width)
        head = LinearHead(self._classes, penalty, self._device, torch.float32, standard=as_they_are)
        head.fit(self._rows[learned], self._label[learned], report)
        return head.log_probabilities(self._rows[asked])

    def _vote(
        self,
        learned: Int64Array,
        asked: Int64Array,
        report: Report,
    ) -> LogProbabilities:
        """The labels of the nearest others by cosine, of axes half as unequal as they are."""
        import faiss

        voters = learned
        if len(voters) > MOST_VOTERS:
            voters = np.sort(np.random.default_rng(0).permutation(voters)[:MOST_VOTERS])
        even = self._rows[:, :VOTE_AXES]
        scale = np.sqrt(np.maximum(even[voters].std(axis=0), 1e-6))
        known = _unit(even[voters] / scale)
        votes = int(np.clip(np.sqrt(len(voters)) / 3, 5, MOST_VOTES))
        votes = min(votes, len(voters))
        prior = np.bincount(self._label[voters], minlength=self._classes) / len(voters)
        parts: list[LogProbabilities] = []
        for start in range(0, len(asked), ASKED_AT_ONCE):
            part = asked[start : start + ASKED_AT_ONCE]
            queries = _unit(even[part] / scale)
            cosine, found = faiss.knn(queries, known, votes, metric=faiss.METRIC_INNER_PRODUCT)
            weight = np.exp((cosine - cosine[:, :1]) / VOTE_SCALE)
            count = np.tile(prior, (len(part), 1))
            np.add.at(count, (np.arange(len(part))[:, None], self._label[voters[found]]), weight)
            parts.append(log_probabilities(count / count.sum(axis=1, keepdims=True)))
            report(start / max(len(asked), 1), "Asking the nearest neighbours")
        return np.concatenate(parts) if parts else np.empty((0, self._classes))


def _unit(rows: Float32Array) -> Float32Array:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows / np.maximum(length, 1e-12), np.float32)
