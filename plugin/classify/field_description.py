"""What is known of a field of predictions before it is read: its classes and kind of scores."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..scoring.probabilities import SMALLEST_PROBABILITY
from ..scoring.score_kind import LOGITS, MixedScores, ScoreKind, kind_of, rounding_step
from ..store.raw_documents import labels_of
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from ..vectors.field_survey import Survey, survey
from ..vectors.stored import common_length, decode_vector

NUMBERS_LOOKED_AT = 8_000_000
CONFIDENCES_A_LOGIT = 2
SEED = 51
CHANCE_OF_AN_ORDER = 0.01
"""A guessed order counts as confirmed where a random one would fit with less probability."""


@dataclass(frozen=True)
class PredictionField:
    """A field of predictions and what is known of it.

    Attributes:
        name: the field
        classes: the class names that its predictions range over, in the order of its logits
        has_logits: whether samples carry logits, rather than a label and a confidence only
        kind: of its logits
        known: the classes that the model can predict, as far as that is known
        predicted: the labels that its predictions carry, in the whole dataset
        least_rest: without logits: what a confidence leaves to the other classes at least
        said: how it is read, in words
    """

    name: str
    classes: tuple[str, ...]
    has_logits: bool
    kind: ScoreKind
    known: frozenset[str]
    predicted: frozenset[str]
    least_rest: float
    said: str


def describe_field(
    samples: Collection, name: str, label_field: str, labels: Sequence[str]
) -> PredictionField:
    """Find out what a prediction field holds and over which classes, from all of its samples.

    The names behind the logits come from ``dataset.classes`` of the prediction field, from the
    predicted labels where these show every one, or from a class list of the labels or the dataset
    that the predicted labels confirm.

    Raises:
        InputError: if the names cannot be told, some rows are probabilities and others logits, or
            there is neither a logit nor a confidence
    """
    found = survey(samples, name)
    predicted = labels_of(root_dataset(samples), name)
    # A few logits among very many confidences are left out, rather than the confidences.
    if not found.with_logits or found.with_confidence > CONFIDENCES_A_LOGIT * found.with_logits:
        return _by_confidence(name, labels, found, predicted)
    length = common_length([value.get("logits") for value in found.drawn])
    if length is None:
        raise InputError(f"prediction_fields: no logits in '{name}' are a vector of numbers")
    if length < 2:
        raise InputError(f"prediction_fields: the logits of '{name}' have length 1, expected 2+")
    rows, stored = _decoded(found, length)
    observed = observed_classes(rows, stored)
    classes, source = names_of_scores(samples, name, label_field, labels, observed, length)
    chosen = np.random.default_rng(SEED).permutation(len(rows))
    looked_at = rows[chosen[: max(1, NUMBERS_LOOKED_AT // length)]]
    try:
        kind = kind_of(looked_at)
    except MixedScores as error:
        raise InputError(
            f"prediction_fields: the logits of '{name}' are of several kinds: {error}. Keep each "
            "kind in a field of its own."
        ) from error
    return PredictionField(
        name=name,
        classes=classes,
        has_logits=True,
        kind=kind,
        known=frozenset(classes),
        predicted=frozenset(predicted),
        least_rest=SMALLEST_PROBABILITY,
        said=f"{kind.said}; classes {source}",
    )


def _by_confidence(
    name: str, labels: Sequence[str], found: Survey, predicted: Sequence[str]
) -> PredictionField:
    if not predicted or not found.predictions:
        raise InputError(f"prediction_fields: no sample has a prediction in '{name}'")
    if not found.with_confidence:
        raise InputError(
            f"prediction_fields: the predictions in '{name}' have neither logits nor a confidence; "
            "expected one of them on each."
        )
    given = (value.get("confidence") for value in found.drawn)
    sure = np.array([c for c in given if isinstance(c, int | float) and 0 <= c <= 1], float)
    step = rounding_step(sure)
    rounded = "" if step is None or not (sure == 1).any() else f", rounded to {step:.6g}"
    return PredictionField(
        name=name,
        classes=tuple(sorted(set(predicted) | set(labels))),
        has_logits=False,
        kind=ScoreKind(LOGITS),
        known=frozenset(predicted),
        predicted=frozenset(predicted),
        least_rest=SMALLEST_PROBABILITY if step is None else step / 2.0,
        said=f"label and confidence{rounded}; the rest is spread evenly over the other classes",
    )


def _decoded(found: Survey, length: int) -> tuple[npt.NDArray[np.float64], list[Any]]:
    """The logits of the samples drawn that can be used, and their predicted labels."""
    rows, stored = [], []
    for value in found.drawn:
        logits = decode_vector(value.get("logits"))
        if logits is None or len(logits) != length or not np.isfinite(logits).all():
            continue
        rows.append(logits.astype(np.float32) if logits.size > 100 else logits)
        stored.append(value.get("label"))
    return np.array(rows) if rows else np.empty((0, length)), stored


def observed_classes(rows: npt.NDArray[Any], stored: Sequence[Any]) -> dict[int, str]:
    """The predicted label that goes with each index of the largest score, by majority.

    Args:
        rows: float (n, C), finite scores
        stored: n predicted labels, None where there is none
    """
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    if not len(rows):
        return {}
    best = rows.argmax(axis=1)
    alone = (rows == rows.max(axis=1, keepdims=True)).sum(axis=1) == 1
    for at, is_alone, label in zip(best.tolist(), alone.tolist(), stored, strict=True):
        if is_alone and label and isinstance(label, str):
            votes[at][label] += 1
    return {i: counter.most_common(1)[0][0] for i, counter in votes.items()}


def names_of_scores(
    samples: Collection,
    name: str,
    label_field: str,
    labels: Sequence[str],
    observed: Mapping[int, str],
    length: int,
    what: str = "logits",
) -> tuple[tuple[str, ...], str]:
    """The names behind the scores of a field of predictions, and where they come from.

    Args:
        samples: the dataset or a view of it
        name: the field
        label_field: the field of labels, whose class list may be that of the predictions too
        labels: the names of the labels
        observed: what ``observed_classes`` gives
        length: the number of scores
        what: the scores in words

    Raises:
        InputError: if the names cannot be told
    """
    dataset = root_dataset(samples)
    stated = dataset.classes.get(name)
    if stated:
        _check_stated(name, stated, observed, length, what)
        return tuple(stated), f"from dataset.classes['{name}']"
    if len(observed) == length and len(set(observed.values())) == length:
        return tuple(observed[i] for i in range(length)), "as the predicted labels show them"
    listed = {
        f"from dataset.classes['{label_field}']": dataset.classes.get(label_field),
        "from dataset.default_classes": dataset.default_classes,
        "in alphabetical order": sorted(set(labels) | set(observed.values())),
    }
    unconfirmed = ""
    for source, names in listed.items():
        fits = names and len(names) == len(set(names)) == length
        if not fits or any(names[i] != seen for i, seen in observed.items()):
            continue
        if _confirmed(len(observed), length, guessed=source.startswith("in ")):
            shown = f"predicted labels confirm {len(observed)} of {length}"
            return tuple(names), f"{source} ({shown})"
        unconfirmed = unconfirmed or f", and nothing confirms that they are {source}"
    missing = [str(i) for i in range(length) if i not in observed][:10]
    seen = f"never predicted: {', '.join(missing) or 'none'}"
    if not observed:
        seen = "no prediction carries a label that would show it"
    raise InputError(
        f"prediction_fields: '{name}' has {what} of length {length}, but which class each stands "
        f"for is unknown ({seen}){unconfirmed}. Set "
        f"dataset.classes['{name}'] to the list of the model's {length} class names, in the order "
        f"of its {what}."
    )


def _confirmed(seen: int, length: int, *, guessed: bool) -> bool:
    """Whether predicted labels that fit a list at ``seen`` of its places show that it is right."""
    if seen >= length - 1:
        return True
    if not guessed:
        return seen >= 2
    chance = 1.0
    for taken in range(seen):
        chance /= length - taken
    return chance < CHANCE_OF_AN_ORDER


def _check_stated(
    name: str, stated: Sequence[str], observed: Mapping[int, str], length: int, what: str
) -> None:
    if len(stated) != length:
        raise InputError(
            f"prediction_fields: dataset.classes['{name}'] lists {len(stated)} classes, but the "
            f"{what} have length {length}"
        )
    if len(set(stated)) != length:
        raise InputError(f"dataset.classes['{name}'] names a class twice")
    for i, seen in sorted(observed.items()):
        if stated[i] != seen:
            raise InputError(
                f"prediction_fields: dataset.classes['{name}'][{i}] is '{stated[i]}', but where "
                f"number {i} of the {what} is the largest, the predicted label is '{seen}'"
            )
