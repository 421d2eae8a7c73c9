"""What rows of a file mean: the class that each predicts, its probability, and its logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..scoring.measures import SMALLEST_PROBABILITY
from .rows import Rows

KINDS = ("auto", "logits", "probabilities")
SUM_TOLERANCE = 0.02
"""Probabilities are often written with few digits; within this they are scaled to sum to 1."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Predicted:
    """What a piece of rows predicts.

    Attributes:
        labels: the predicted class of each row; meaningless where there is a problem
        confidence: float64 (n,), its probability
        logits: float32 (n, C'), over the classes that were kept; None where a file has no scores
        problems: None, or why a row cannot be used
        contradicting: bool (n,), where the file names another label than the highest score does
    """

    labels: list[str]
    confidence: Numbers
    logits: npt.NDArray[np.float32] | None
    problems: list[str | None]
    contradicting: npt.NDArray[np.bool_]


def kind_of(scores: Numbers) -> str:
    """Whether rows of scores are probabilities or logits.

    Raises:
        InputError: if some rows look like probabilities and others do not

    Example:
        >>> kind_of(np.array([[0.2, 0.8], [1.0, 0.0]])), kind_of(np.array([[2.0, -1.0]]))
        ('probabilities', 'logits')
    """
    finite = scores[np.isfinite(scores).all(axis=1)]
    share = _are_probabilities(finite).mean() if len(finite) else 0.0
    if 0.0 < share < 1.0:
        raise InputError(
            f"values: {share:.0%} of the first rows are probabilities (none negative, sum 1), the "
            "others are not. Say values='logits' or values='probabilities'."
        )
    return "probabilities" if share else "logits"


def _are_probabilities(scores: Numbers) -> npt.NDArray[np.bool_]:
    return np.asarray(scores.min(axis=1) >= 0) & (np.abs(scores.sum(axis=1) - 1) <= SUM_TOLERANCE)


def understand(
    rows: Rows, classes: Sequence[str] | None, kind: str, kept: Sequence[str] | None = None
) -> Predicted:
    """What rows predict, over all their classes or over some of them.

    Leaving a class out means taking the probabilities of the others, given that it is none of
    those left out.

    Args:
        rows: the rows
        classes: the names behind their scores; without scores, names that a label may be
        kind: ``logits`` or ``probabilities``
        kept: the classes to predict, by default all
    """
    if rows.scores is None or classes is None:
        return _by_confidence(rows, classes, kept)
    problems = list(rows.problems)
    log_p = _log_probabilities(rows.scores, kind, problems)
    wanted = set(classes if kept is None else kept)
    at = [i for i, name in enumerate(classes) if name in wanted]
    logits = log_p if kind == "probabilities" else np.nan_to_num(rows.scores, posinf=0, neginf=0)
    log_p, logits = log_p[:, at], logits[:, at]
    log_p = log_p - log_p.max(axis=1, keepdims=True)
    p = np.exp(log_p)
    p /= p.sum(axis=1, keepdims=True)
    best = p.argmax(axis=1)
    names = [classes[i] for i in at]
    labels = [names[i] for i in best]
    known = frozenset(classes)
    stated = [_named(label, classes, known) for label in rows.labels]
    highest_names = [classes[i] for i in _highest(rows.scores)]
    contradicting = [
        problem is None and given is not None and given != highest
        for given, highest, problem in zip(stated, highest_names, problems, strict=True)
    ]
    confidence = p[np.arange(len(p)), best]
    return Predicted(
        labels, confidence, logits.astype(np.float32), problems, np.array(contradicting, bool)
    )


def _highest(scores: Numbers) -> list[int]:
    """The index of each row's highest score."""
    return np.nan_to_num(scores, nan=-np.inf).argmax(axis=1).tolist()


def _log_probabilities(scores: Numbers, kind: str, problems: list[str | None]) -> Numbers:
    """Log-probabilities up to a constant a row; notes what is wrong with a row in ``problems``."""
    finite = np.asarray(np.isfinite(scores).all(axis=1))
    safe = np.where(finite[:, None], scores, 0.0)
    _note(problems, ~finite, "a score is missing, NaN or infinite")
    if kind == "logits":
        return safe
    fine = _are_probabilities(safe)
    _note(problems, ~fine & finite, "probabilities that are negative or do not sum to 1")
    return np.log(np.maximum(safe, SMALLEST_PROBABILITY))


def _note(problems: list[str | None], wrong: npt.NDArray[np.bool_], reason: str) -> None:
    for at in np.flatnonzero(wrong).tolist():
        problems[at] = problems[at] or reason


def _by_confidence(
    rows: Rows, classes: Sequence[str] | None, kept: Sequence[str] | None
) -> Predicted:
    problems = list(rows.problems)
    known = frozenset(classes or ())
    labels = [_named(label, classes, known) or "" for label in rows.labels]
    _note(problems, np.array([not label for label in labels], bool), "no label")
    unsure = ~((rows.confidence >= 0) & (rows.confidence <= 1))
    _note(problems, unsure, "no confidence between 0 and 1")
    if kept is not None:
        wanted = set(kept)
        foreign = np.array([label not in wanted for label in labels], bool)
        _note(problems, foreign, "predicts a class that no label has")
    none = np.zeros(len(rows), bool)
    return Predicted(labels, np.nan_to_num(rows.confidence), None, problems, none)


def _named(label: Any, classes: Sequence[str] | None, known: frozenset[str]) -> str | None:
    """A label by its name, or by its place in the list of classes."""
    if label is None or not classes or label in known:
        return label
    if label.isdecimal() and int(label) < len(classes):
        return classes[int(label)]
    return label
