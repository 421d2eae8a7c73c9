"""Scores of every class that detections carry beside their confidence: logits, probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from ..arrays import FloatArray, IntArray
from ..classify.field_description import names_of_scores, observed_classes
from ..documents import value_at
from ..errors import InputError
from ..predictions.class_list import checked_classes
from ..scoring.score_kind import LOGITS, SIGMOIDS, MixedScores, ScoreKind, kind_of
from ..store.raw_documents import draw_documents
from ..store.samples import Collection
from ..vectors.stored import common_length, decode_rows
from .detections import Entries, top_entries

USUAL = ("logits", "class_scores", "class_probabilities", "probabilities", "probs", "scores")
"""Attributes of detections in which class scores are looked for."""

NOTHING_THERE = frozenset(
    ("background", "__background__", "no object", "no_object", "no-object", "(nothing there)")
)
"""Classes of detectors that stand for no object."""

IMAGES_LOOKED_AT = 300
ROWS_LOOKED_AT = 5_000
NUMBERS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class ClassScores:
    """How the class scores of a field of detections are read.

    Attributes:
        attribute: of each detection
        names: the class that each number stands for, None for no object
        kind: of the numbers
        sigmoid: whether logits are of each class by itself
        said: that in words
    """

    attribute: str
    names: tuple[str | None, ...]
    kind: ScoreKind
    sigmoid: bool
    said: str

    @property
    def classes(self) -> frozenset[str]:
        """The classes that they range over."""
        return frozenset(name for name in self.names if name is not None)

    def entries(
        self, values: Sequence[Any], label: IntArray, sure: FloatArray, index: Mapping[str, int]
    ) -> tuple[Entries, int]:
        """The likeliest classes of n detections, and of how many the scores cannot be used.

        A detection's confidence is shared out: its own class has all of it, another one as much
        less as its score is lower, whatever scale the scores are on.

        Args:
            values: n stored vectors, None where there is none
            label: int (n,), the predicted class
            sure: float (n,), the confidence
            index: of the class names
        """
        known = [i for i, name in enumerate(self.names) if name is not None]
        column = np.array([index[name] for name in self.names if name is not None], np.int32)
        place = np.full(len(index), -1)
        place[column] = np.arange(len(column))
        step = max(1, NUMBERS_AT_ONCE // len(self.names))
        parts: list[Entries] = []
        unusable = 0
        for at in range(0, max(len(values), 1), step):
            rows, problems = decode_rows(values[at : at + step], len(self.names))
            good = np.array([p is None for p in problems], bool) & self.kind.fits(rows)
            unusable += int((~good).sum())
            shares = self._shares(rows)[:, known]
            own, mine = label[at : at + step], sure[at : at + step]
            there = good & (place[own] >= 0)
            base = np.where(there, shares[np.arange(len(own)), np.maximum(place[own], 0)], 0.0)
            base = np.where(base > 0, base, shares.max(axis=1, initial=0.0))
            scale = np.where(good & (base > 0), mine / np.maximum(base, 1e-300), 0.0)
            scores = np.clip(shares * scale[:, None], 0.0, 1.0)
            parts.append(top_entries(own, mine, scores, column).moved(at))
        return Entries.joined(parts), unusable

    def _shares(self, rows: FloatArray) -> FloatArray:
        """How likely each class is, on the scale of the model: float64 (n, C)."""
        if self.sigmoid:
            return expit(rows)
        if self.kind.name == SIGMOIDS:  # as they are: their odds would make them too sure
            return np.clip(rows, 0.0, 1.0)
        return np.exp(self.kind.log_probabilities(rows))


def class_scores_of(
    samples: Collection,
    name: str,
    label_field: str,
    labels: Sequence[str],
    attribute: str | None = None,
    classes: Sequence[str] | None = None,
) -> ClassScores | None:
    """Find the class scores that the detections of a field carry, None where they have none.

    The names behind them come from ``classes``, from ``dataset.classes`` of the field, from the
    predicted labels where these show every one, or from a class list that these confirm.

    Args:
        samples: the dataset or a view of it
        name: the field of detections
        label_field: the labels that they are compared with
        labels: the names of the labels
        attribute: that holds the scores; None looks through ``USUAL``
        classes: the names behind the scores, in their order

    Raises:
        InputError: if an attribute that was named holds no vectors, or it cannot be told what the
            scores stand for
    """
    wanted = USUAL if attribute is None else (attribute,)
    parts = [f"{name}.detections.{part}" for part in ("label", "confidence", *wanted)]
    drawn = draw_documents(samples, parts, IMAGES_LOOKED_AT, [f"{name}.detections"])
    given = [o for d in drawn for o in value_at(d, f"{name}.detections") or []]
    given = given[:: max(1, len(given) // ROWS_LOOKED_AT)]
    for found in wanted:
        length = common_length([o.get(found) for o in given])
        if length is not None and length >= 2:
            break
    else:
        if attribute is None:
            return None
        raise InputError(
            f"class_scores: the detections of '{name}' hold no vectors of two or more numbers in "
            f"'{attribute}'"
        )
    rows, problems = decode_rows([o.get(found) for o in given], length)
    good = np.array([p is None for p in problems], bool)
    rows, kept = rows[good], [o for o, g in zip(given, good, strict=True) if g]
    observed = observed_classes(rows, [o.get("label") for o in kept])
    names, source = _names(samples, name, label_field, labels, found, observed, length, classes)
    try:
        kind = kind_of(rows)
    except MixedScores as error:
        raise InputError(
            f"class_scores: '{found}' of the detections in '{name}' is of several kinds: {error}"
        ) from error
    sigmoid = kind.name == LOGITS and _are_sigmoid(rows, kept)
    said = f"'{name}': '{found}', {kind.said}{' of each class by itself' * sigmoid}"
    return ClassScores(found, names, kind, sigmoid, f"{said}; classes {source}")


def _are_sigmoid(rows: npt.NDArray[np.float64], kept: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the confidences are nearer to the sigmoid of the largest logit than to softmax."""
    sure = np.array([c if isinstance(c := o.get("confidence"), float) else np.nan for o in kept])
    there = np.isfinite(sure)
    if not there.any():
        return False
    rows, sure = rows[there], sure[there]
    softmax = np.exp(ScoreKind(LOGITS).log_probabilities(rows)).max(axis=1)
    return bool(np.mean(abs(expit(rows.max(axis=1)) - sure)) < np.mean(abs(softmax - sure)))


def _names(
    samples: Collection,
    name: str,
    label_field: str,
    labels: Sequence[str],
    attribute: str,
    observed: Mapping[int, str],
    length: int,
    given: Sequence[str] | None,
) -> tuple[tuple[str | None, ...], str]:
    """The names behind the scores, None for no object; and where they come from."""
    if given:
        return _given(name, attribute, observed, length, given), "as given"
    what = f"'{attribute}'"

    def told(seen: Mapping[int, str], count: int) -> tuple[tuple[str, ...], str]:
        return names_of_scores(samples, name, label_field, labels, seen, count, what)

    try:
        names, source = told(observed, length)
        return _without_nothing(names), source
    except InputError as error:
        # Detectors that know no object have one number more, last or first.
        found: list[tuple[tuple[str | None, ...], str]] = []
        for first in (0, 1):
            seen = {i - first: label for i, label in observed.items()}
            if length < 3 or not seen or min(seen) < 0 or max(seen) > length - 2:
                continue
            try:
                names, source = told(seen, length - 1)
            except InputError:
                continue
            if source.startswith("in "):  # too much guessed at once
                continue
            where = "first" if first else "last"
            every = (None, *names) if first else (*names, None)
            found.append((every, f"{source}, the {where} number for no object"))
        if len(found) == 1:
            return found[0]
        raise error


def _given(
    name: str, attribute: str, observed: Mapping[int, str], length: int, given: Sequence[str]
) -> tuple[str | None, ...]:
    names = checked_classes(given, "classes")
    if len(names) != length:
        raise InputError(
            f"classes: {len(names)} names are given, but '{attribute}' of the detections in "
            f"'{name}' has length {length}"
        )
    for i, seen in sorted(observed.items()):
        if names[i] != seen:
            raise InputError(
                f"classes: name {i} is '{names[i]}', but where number {i} of '{attribute}' is the "
                f"largest, the predicted label in '{name}' is '{seen}'"
            )
    return _without_nothing(names)


def _without_nothing(names: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(None if name.lower() in NOTHING_THERE else name for name in names)
