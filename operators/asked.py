"""What a form that asks for predictions knows, and what its dataset has to choose from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
from fiftyone.operators import types

from ..plugin.classify.auto import fields_with_scores
from ..plugin.store.own_fields import DESCRIPTIONS
from ..plugin.store.runs import Run


@dataclass(frozen=True)
class Asked:
    """What the form knows when it asks for more: its context, and what was chosen so far.

    Attributes:
        ctx: the form's context
        inputs: the form
        samples: the samples that are scored
        label_field: the labels that may be wrong
        others: the other fields of classifications
        run: the run whose next iteration it will be, None for a new one
        on_objects: whether the labels are objects
    """

    ctx: Any
    inputs: types.Object
    samples: Any
    label_field: str
    others: list[str] = field(default_factory=list)
    run: Run | None = None
    on_objects: bool = False

    def scored(self) -> list[str]:
        """Those of the other fields that hold scores of classes."""
        return fields_with_scores(self.ctx.dataset, self.others)


def networks() -> list[str]:
    """The pretrained networks: ours, torchvision's, and those of FiftyOne's zoo."""
    from ..plugin.vectors.named_networks import known_networks, zoo_networks  # imports torch

    return [*known_networks(), *zoo_networks()]


def vote_fields_of(dataset: Any, label_field: str) -> list[str]:
    """The fields of a dataset that may hold people's votes on a field's classes."""
    kinds = (fo.Classification, fo.Classifications)
    return [
        name
        for name, kind in dataset.get_field_schema().items()
        if getattr(kind, "document_type", None) in kinds
        and name != label_field
        and kind.description not in DESCRIPTIONS.values()
    ]
