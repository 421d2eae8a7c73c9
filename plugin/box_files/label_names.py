"""The classes of labels that are boxes, as a dataset stores them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..store.declared import declared_fields, is_detections
from ..store.own_fields import own_fields
from ..store.raw_documents import id_queries
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, samples_of


def detection_labels(
    samples: Collection, fields: Sequence[str] | None, but: str | None = None
) -> list[str]:
    """The distinct classes in fields of ``Detections``, sorted.

    Args:
        samples: the dataset or view
        fields: None for all that no run writes
        but: a field that is left out
    """
    dataset = root_dataset(samples)
    if fields is None:
        declared, own = declared_fields(dataset), own_fields(dataset)
        fields = [n for n in declared if is_detections(declared[n]) and n not in own and n != but]
    found: set[Any] = set()
    for query in id_queries(samples):
        for name in fields:
            found.update(samples_of(dataset).distinct(f"{name}.detections.label", query))
    return sorted(name for name in found if name and isinstance(name, str))
