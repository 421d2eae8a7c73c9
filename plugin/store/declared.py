"""The fields that a dataset declares at this moment: which there are, and which are protected.

Read from the database, for another process may have renamed, deleted or protected a field since
this one loaded the dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import InputError, meant
from .database import collection_of
from .samples import Dataset

CLASSIFICATION = "fiftyone.core.labels.Classification"

CLASSIFICATIONS = "fiftyone.core.labels.Classifications"

DETECTIONS = "fiftyone.core.labels.Detections"

Declared = Mapping[str, Mapping[str, Any]]
"""FiftyOne's document of each top-level field, by name."""


def declared_fields(dataset: Dataset) -> Declared:
    """The top-level fields of a dataset's samples as the database has them now."""
    document = collection_of("datasets").find_one({"_id": dataset._doc.id}, {"sample_fields": 1})
    if document is None:
        raise InputError(f"Dataset '{dataset.name}' was deleted")
    return declared_in(document)


def declared_in(dataset: Mapping[str, Any]) -> Declared:
    """The fields in FiftyOne's document of a dataset, by name."""
    return {field["name"]: field for field in dataset["sample_fields"]}


def is_classification(field: Mapping[str, Any] | None) -> bool:
    """Whether a declared field holds a ``Classification``."""
    return field is not None and field.get("embedded_doc_type") == CLASSIFICATION


def is_classifications(field: Mapping[str, Any] | None) -> bool:
    """Whether a declared field holds ``Classifications``."""
    return field is not None and field.get("embedded_doc_type") == CLASSIFICATIONS


def is_detections(field: Mapping[str, Any] | None) -> bool:
    """Whether a declared field holds ``Detections``."""
    return field is not None and field.get("embedded_doc_type") == DETECTIONS


def type_name(field: Mapping[str, Any]) -> str:
    """The type of a declared field in words."""
    return str(field.get("embedded_doc_type") or field["ftype"]).rpartition(".")[2]


def no_such_field(
    dataset: Dataset, field: object, option: str, expected: str, there: Iterable[str]
) -> InputError:
    """The error of an option that names no field of the kind that is expected.

    Args:
        dataset: the dataset
        field: what was given
        option: what named it
        expected: what the field should be, with its article
        there: the fields that are
    """
    found, names = declared_fields(dataset).get(str(field)), list(there)
    what = "does not exist" if found is None else f"is of type {type_name(found)}"
    return InputError(
        f"{option}: field {str(field)!r} of dataset '{dataset.name}' {what}; expected {expected} "
        f"(there are: {', '.join(names) or 'none'}).{meant(field, names)}"
    )


def check_writable(
    dataset: Dataset, paths: Iterable[str], declared: Declared | None = None
) -> None:
    """Refuse to write to fields that are declared read-only, as FiftyOne does.

    Args:
        dataset: the dataset
        paths: fields, or dotted paths in them; those that are not declared are passed over
        declared: what the dataset declares, where it was read a moment ago

    Raises:
        InputError: if one of them, or what holds it, is read-only
    """
    declared = declared_fields(dataset) if declared is None else declared
    for path in sorted(set(paths)):
        field: Mapping[str, Any] | None = declared.get(path.partition(".")[0])
        for name in [*path.split(".")[1:], None]:
            if field is not None and field.get("read_only"):
                raise InputError(
                    f"Field '{path}' of dataset '{dataset.name}' is read-only. Nothing was "
                    "changed: make it writable (field.read_only = False; field.save()) or leave "
                    "it alone."
                )
            inner = (field or {}).get("fields") or []
            field = next((f for f in inner if f["name"] == name), None)
