"""What is looked at before objects are read: spellings of classes, and confidences."""

from __future__ import annotations

import re
from typing import Any

from ..documents import value_at
from ..errors import InputError
from ..store.raw_documents import draw_documents
from ..store.samples import Collection

IMAGES_DRAWN = 500
LEAST_SURE = 0.05
"""The share of a field's boxes that need a confidence, so that they are a detector's."""


def check_confidences(samples: Collection, field: str) -> None:
    """Raise InputError where nearly no box of a field of predictions has a confidence.

    Such a field holds labels, or confidences of another scale. Its boxes would all be left out, and
    every label would seem to have nothing predicted near it.
    """
    path = f"{field}.detections"
    drawn = draw_documents(samples, [f"{path}.confidence"], IMAGES_DRAWN, [path])
    given = [one.get("confidence") for d in drawn for one in value_at(d, path) or []]
    sure = sum(map(is_share, given))
    if not given or sure >= LEAST_SURE * len(given):
        return
    scale = next((v for v in given if is_number(v) and not is_share(v)), None)
    found = "" if scale is None else f"; one is {scale:.4g}"
    raise InputError(
        f"prediction_fields: {len(given) - sure:,} of {len(given):,} boxes in '{field}' that were "
        f"looked at have no confidence between 0 and 1{found}. Name a field that a detector wrote "
        "with confidences; are labels and predictions the other way round?"
    )


def check_spelling(
    field: str,
    found: set[str],
    label_field: str,
    labels: set[str],
    option: str = "prediction_fields",
) -> None:
    """Raise InputError where a class has two spellings: every object of it would be suspect."""
    said = spelling(found, labels)
    if said:
        raise InputError(f"{option}: '{field}' and '{label_field}' spell classes unlike{said}")


def spelling(found: set[str], labels: set[str]) -> str:
    """Which names of predictions and labels are alike but for case, blanks, lines and dashes."""
    of_label = {_plain(name): name for name in sorted(labels - found)}
    alike = [(name, of_label.get(_plain(name))) for name in sorted(found - labels)]
    pairs = [f"{name!r} for {other!r}" for name, other in alike if other is not None]
    if not pairs:
        return ""
    more = f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
    return f": {', '.join(pairs[:3])}{more}. Bring them together, as with dataset.map_values."


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold() or name


def is_number(value: Any) -> bool:
    """Whether a stored value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_share(value: Any) -> bool:
    """Whether a stored value is a number from 0 to 1."""
    return is_number(value) and 0 <= value <= 1


def some_of(names: set[str]) -> str:
    """The first few of some names."""
    shown = ", ".join(repr(n[:40]) for n in sorted(names)[:5])
    return (f"{shown}, … ({len(names)} in all)" if len(names) > 5 else shown) or "none"
