"""Whether votes name who gave them by the attribute that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..documents import value_at
from ..errors import InputError, meant
from ..store.declared import CLASSIFICATIONS, declared_fields
from ..store.label_kinds import LISTS, kind_of
from ..store.raw_documents import draw_documents
from ..store.samples import Dataset, samples_of

USUAL = "annotator"
DRAWN = 300
_OF_A_LABEL = {"label", "confidence", "logits", "tags", "bounding_box", "mask", "mask_path"}


def check_annotators(dataset: Dataset, fields: Sequence[str], attribute: str) -> None:
    """Raise InputError where votes would silently count as those of one annotator.

    A field may stand for a person, unless an attribute was asked for that no label has; a list of
    several ``Classifications`` on one sample is never one person's.

    Args:
        dataset: the dataset
        fields: of votes, which are there
        attribute: of their labels, which is to name who gave each
    """
    asked, declared = attribute != USUAL, declared_fields(dataset)
    kinds = {field: kind_of(declared.get(field)) for field in fields}
    lists = {field: LISTS.get(kind or "") for field, kind in kinds.items()}
    paths = {field: f"{field}.{part}" if part else field for field, part in lists.items()}
    looked_at = [field for field in fields if asked or kinds[field] == CLASSIFICATIONS]
    collection = samples_of(dataset)
    named = False
    for field in looked_at:
        path = paths[field]
        given = {f"{path}.{attribute}": {"$nin": [None, ""], "$exists": True}}
        if collection.find_one(given, {"_id": 1}) is not None:
            named = True
        elif kinds[field] == CLASSIFICATIONS and collection.find_one(
            {f"{path}.1": {"$exists": True}}, {"_id": 1}
        ):
            raise _nobody(dataset, {field: path}, attribute)
    if fields and asked and not named:
        raise _nobody(dataset, paths, attribute)


def _nobody(dataset: Dataset, paths: Mapping[str, str], attribute: str) -> InputError:
    """The error, with the attributes that labels have: ``paths`` leads to them, by field."""
    there = sorted({n for field, path in paths.items() for n in _attributes(dataset, field, path)})
    known = ", ".join(f"'{name}'" for name in there) or "no attributes"
    return InputError(
        f"annotator_attribute: no label in {', '.join(map(repr, paths))} has the attribute "
        f"{attribute!r}, which is to name who gave it, and all votes of a field would count as one "
        f"annotator's; the labels have {known}.{meant(attribute, there)}"
    )


def _attributes(dataset: Dataset, field: str, path: str) -> set[str]:
    """The names of attributes that hold texts or numbers, of some labels."""
    found: set[str] = set()
    for document in draw_documents(dataset, [path], DRAWN, [field]):
        value: Any = value_at(document, path)
        for label in value if isinstance(value, list) else [value]:
            if isinstance(label, Mapping):
                found |= {name for name, v in label.items() if isinstance(v, str | int) and v}
    return {name for name in found - _OF_A_LABEL if not name.startswith("_")}
