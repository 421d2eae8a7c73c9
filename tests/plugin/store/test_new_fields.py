"""Fields that are declared in few steps are what FiftyOne's own call makes of them, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import pytest

from plugin.store.new_fields import declare
from plugin.store.samples import schema_of

FIELDS: dict[str, dict[str, Any]] = {
    "found": {"ftype": fo.EmbeddedDocumentField, "embedded_doc_type": fo.Detections},
    "iies": {"ftype": fo.FloatField, "description": "one score"},
    "ses": {"ftype": fo.FloatField, "description": "another"},
    "names": {"ftype": fo.ListField, "subfield": fo.StringField},
    "found.detections.kind": {"ftype": fo.StringField, "description": "what it is"},
    "found.detections.iou": {"ftype": fo.FloatField, "description": "how much"},
    "gt.detections.iou": {"ftype": fo.FloatField},
}


@pytest.fixture
def dataset(dataset_name: str) -> Iterator[Any]:
    made: Any = fo.Dataset(dataset_name)
    made.add_sample(fo.Sample(filepath="/none/1.png", gt=fo.Detections()))
    yield made
    made.delete()


def documents(dataset: Any) -> dict[str, Any]:
    """FiftyOne's documents of the fields, without when they were declared."""

    def without(document: Any) -> Any:
        if isinstance(document, dict):
            return {k: without(v) for k, v in document.items() if k != "created_at"}
        return [without(v) for v in document] if isinstance(document, list) else document

    dataset.reload()
    return {f["name"]: without(f) for f in dataset._doc.to_dict()["sample_fields"]}


def test_they_are_as_if_they_were_declared_one_by_one(dataset: Any) -> None:
    other = dataset.clone()
    assert declare(dataset, FIELDS)
    for path, options in FIELDS.items():
        other.add_sample_field(path, **options)
    assert documents(dataset) == documents(other)
    other.delete()


def test_what_is_there_stays_as_it_is(dataset: Any) -> None:
    dataset.add_sample_field("iies", fo.FloatField, description="mine")
    declare(dataset, FIELDS)
    assert dataset.get_field("iies").description == "mine"
    assert not declare(dataset, FIELDS)


def test_those_of_one_type_are_told_apart_when_all_are_renamed(dataset: Any) -> None:
    declare(dataset, FIELDS)
    before = schema_of(dataset)
    moved = {"iies": "a", "ses": "b", "names": "c", "found": "d"}
    dataset.rename_sample_fields(moved)
    places = schema_of(dataset).places(before)
    assert {name: places[name] for name in moved} == moved
