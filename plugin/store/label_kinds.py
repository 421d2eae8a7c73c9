"""The three kinds of labels that a run can be on, and the fields of a dataset that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .database import collection_of
from .declared import CLASSIFICATION, CLASSIFICATIONS, DETECTIONS, Declared, declared_fields
from .iterations import COLLECTION as ITERATIONS
from .iterations import last_on_objects
from .own_fields import own_fields
from .runs import Run
from .samples import Dataset

LISTS = {CLASSIFICATIONS: "classifications", DETECTIONS: "detections"}
"""Where the labels are in a field of a kind that is a set."""

KINDS = (CLASSIFICATION, CLASSIFICATIONS, DETECTIONS)


def kind_of(field: Mapping[str, Any] | None) -> str | None:
    """The kind of labels that a declared field holds, one of ``KINDS``; None of other fields."""
    found = None if field is None else field.get("embedded_doc_type")
    return found if found in KINDS else None


def word_of(kind: str) -> str:
    """A kind as it is said: ``Classification``, ``Classifications`` or ``Detections``."""
    return kind.rpartition(".")[2]


def kind_of_run(run: Run, declared: Declared | None = None) -> str:
    """The kind of labels that a run is on, whatever became of its label field.

    Args:
        run: the run
        declared: what its dataset declares, where it was read a moment ago

    Returns:
        that of its iterations; without any, that of its label field, ``CLASSIFICATION`` if it is
        gone
    """
    if collection_of(ITERATIONS).find_one(run.owner, {"_id": 1}) is not None:
        return CLASSIFICATION
    last = last_on_objects(run)
    if last is not None:
        return DETECTIONS if "box" in last["columns"] else CLASSIFICATIONS
    declared = declared_fields(run.dataset) if declared is None else declared
    return kind_of(declared.get(run.label_field)) or CLASSIFICATION


def fields_of(dataset: Dataset, kind: str) -> list[str]:
    """The fields that hold a kind of labels, and that no run writes."""
    declared, own = declared_fields(dataset), own_fields(dataset)
    return [name for name in declared if kind_of(declared[name]) == kind and name not in own]
