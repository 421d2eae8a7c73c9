"""Fields that a dataset does not declare yet, declared in few steps.

FiftyOne's ``add_sample_field`` saves and reads the dataset's whole document for each field. That
took a third of a run on a small dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.core.odm as odm

from .samples import Dataset


def declare(dataset: Dataset, fields: Mapping[str, Mapping[str, Any]]) -> bool:
    """Declare those of some fields that the dataset has not.

    A field of a sample that was renamed is known by its type and the moment it was declared
    (``samples.Schema``), so no two of one type are declared in one step.

    Args:
        dataset: the dataset
        fields: what ``add_sample_field`` takes, by dotted path; a parent is a path before its parts

    Returns:
        whether there was any
    """
    known = dataset.get_field_schema(flat=True)
    new = {
        path: odm.create_field(path.rpartition(".")[2], **options)
        for path, options in fields.items()
        if path not in known
    }
    steps: list[dict[str, Any]] = []
    for path, field in new.items():
        if "." not in path:
            free = (s for s in steps if type(field) not in map(type, s.values()))
            step = next(free, None)
            if step is None:
                steps.append(step := {})
            step[path] = field
    steps.append({path: field for path, field in new.items() if "." in path})
    for step in filter(None, steps):
        dataset._merge_sample_field_schema(step)
    return bool(new)
