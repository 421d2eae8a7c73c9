"""What rows of a file mean: the class that each predicts, its probability, and its logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import Float64Array
from ..errors import InputError
from ..scoring import score_kind
from ..scoring.score_kind import LOG_PROBABILITIES, LOGITS, PROBABILITIES, SIGMOIDS, ScoreKind
from .class_numbers import class_number
from .rows import PredictionFile, Rows

KINDS = ("auto", *score_kind.KINDS)
ROWS_LOOKED_AT = 4_000
NUMBERS_LOOKED_AT = 8_000_000


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
    confidence: Float64Array
    logits: npt.NDArray[np.float32] | None
    problems: list[str | None]
    contradicting: npt.NDArray[np.bool_]


def kind_of(file: PredictionFile, stated: str) -> ScoreKind:
    """What the scores of a file are, from rows drawn at random from all of it.

    Args:
        file: the file, with scores
        stated: what they are said to be, or ``auto``: what they look like

    Raises:
        InputError: if some rows are probabilities and others are not
    """
    most = int(np.clip(NUMBERS_LOOKED_AT // len(file.classes or "?"), 1, ROWS_LOOKED_AT))
    random = np.random.default_rng(51)
    rows, chance = np.empty((0, len(file.classes or ()))), np.empty(0)
    if stated in (LOGITS, LOG_PROBABILITIES):
        return ScoreKind(stated)
    for piece in file.rows():
        if piece.scores is None:
            continue
        fine = [at for at, problem in enumerate(piece.problems) if problem is None]
        rows = np.concatenate([rows, piece.scores[fine]])
        chance = np.concatenate([chance, random.random(len(fine))])
        if len(rows) > most:  # those with the smallest numbers are a random sample of all so far
            kept = np.sort(np.argpartition(chance, most)[:most])
            rows, chance = rows[kept], chance[kept]
    if stated != "auto":
        return score_kind.as_kind(stated, rows)
    try:
        found = score_kind.kind_of(rows)
    except score_kind.MixedScores as error:
        if file.kind is not None:
            return score_kind.as_kind(file.kind, rows)
        raise InputError(
            f"values: {error}. Say values='logits' or values='probabilities', then the rows that "
            "are none are left out."
        ) from error
    # Float64Array from 0 to 1 that sum to nothing in particular are what the file calls them.
    if {file.kind, found.name} in ({LOGITS, SIGMOIDS}, {PROBABILITIES, LOGITS}):
        return score_kind.as_kind(str(file.kind), rows)
    return found


def understand(
    rows: Rows, classes: Sequence[str] | None, kind: ScoreKind, kept: Sequence[str] | None = None
) -> Predicted:
    """What rows predict, over all their classes or over some of them.

    Leaving a class out means taking the probabilities of the others, given that it is none of
    those left out.

    Args:
        rows: the rows
        classes: the names behind their scores; without scores, names that a label may be
        kind: of the scores
        kept: the classes to predict, by default all
    """
    if rows.scores is None or classes is None:
        return _by_confidence(rows, classes, kept)
    problems = list(rows.problems)
    log_p = _log_probabilities(rows.scores, kind, problems)
    wanted = set(classes if kept is None else kept)
    at = [i for i, name in enumerate(classes) if name in wanted]
    raw = kind.name in (LOGITS, LOG_PROBABILITIES)
    logits = np.nan_to_num(rows.scores, posinf=0, neginf=0) if raw else log_p
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


def _highest(scores: Float64Array) -> list[int]:
    """The index of each row's highest score."""
    return np.nan_to_num(scores, nan=-np.inf).argmax(axis=1).tolist()


def _log_probabilities(
    scores: Float64Array, kind: ScoreKind, problems: list[str | None]
) -> Float64Array:
    """Log-probabilities; notes what is wrong with a row in ``problems``."""
    finite = np.asarray(np.isfinite(scores).all(axis=1))
    safe = np.where(finite[:, None], scores, 0.0)
    _note(problems, ~finite, "a score is missing, NaN or infinite")
    _note(problems, ~kind.fits(safe) & finite, kind.problem)
    return kind.log_probabilities(safe)


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
    number = class_number(label)
    return classes[number] if number is not None and number < len(classes) else label
