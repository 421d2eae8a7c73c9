"""The samples of a collection that carry a usable label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..documents import value_at
from ..errors import InputError
from ..skipped import Skipped
from ..store.raw_documents import read_documents
from ..store.sample_collection import root_dataset
from ..store.samples import Collection


@dataclass(frozen=True)
class Labelled:
    """Samples with a label, in the collection's order.

    Attributes:
        sample_ids, filepaths: n each
        classes: the distinct labels, sorted
        label: int64 (n,), class index of each label
        decided: bool (n,), whether a decision stands on the sample
    """

    sample_ids: list[str]
    filepaths: list[str]
    classes: tuple[str, ...]
    label: npt.NDArray[np.int64]
    decided: npt.NDArray[np.bool_]


def label_problem(document: dict[str, Any], label_field: str) -> str | None:
    """What is wrong with a document's label, if anything."""
    label = value_at(document, f"{label_field}.label")
    if label is None:
        return f"no label in '{label_field}'"
    if not isinstance(label, str) or not label:
        return f"empty label in '{label_field}'"
    return None


def read_labelled(
    samples: Collection, label_field: str, decision_field: str, skipped: Skipped
) -> Labelled:
    """Read the labels of a collection; samples without one are noted in ``skipped``.

    Raises:
        InputError: if there are fewer than two classes
    """
    ids: list[str] = []
    paths: list[str] = []
    labels: list[str] = []
    decided: list[bool] = []
    for documents in read_documents(samples, ["filepath", f"{label_field}.label", decision_field]):
        for document in documents:
            problem = label_problem(document, label_field)
            if problem is not None:
                skipped.add(document["_id"], document.get("filepath"), problem)
                continue
            ids.append(str(document["_id"]))
            paths.append(document["filepath"])
            labels.append(value_at(document, f"{label_field}.label"))
            decided.append(bool(document.get(decision_field)))
    classes = tuple(sorted(set(labels)))
    check_classes(samples, label_field, classes)
    index = {name: i for i, name in enumerate(classes)}
    return Labelled(
        sample_ids=ids,
        filepaths=paths,
        classes=classes,
        label=np.array([index[name] for name in labels], np.int64),
        decided=np.array(decided, bool),
    )


def check_classes(samples: Collection, label_field: str, classes: tuple[str, ...]) -> None:
    """Raise InputError where there are fewer than two classes among the labels."""
    name = root_dataset(samples).name
    if len(classes) == 0:
        raise InputError(f"label_field: no sample of '{name}' has a label in '{label_field}'")
    if len(classes) < 2:
        raise InputError(
            f"label_field: '{label_field}' holds one class only ({classes[0]!r}); finding label "
            "errors needs at least two"
        )
