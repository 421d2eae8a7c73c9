"""What a person asks to be done to objects, checked before anything is read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from bson import ObjectId

from ..decisions.changes import KEEP_ALL
from ..decisions.object_changes import KIND_OF
from ..decisions.request import Label, check_text
from ..errors import InputError
from .boxes import REASONS, USABLE, within_image

BEYOND = 0.005
"""How far a box may leave its image: by rounding, or by a pixel of a small image."""

WITH_LABEL = ("relabel", "add")
WITH_BOX = ("move", "add")


class Told(NamedTuple):
    """A missing object that a file tells of: its sample, its box, and the class proposed for it."""

    sample_id: ObjectId
    box: Any
    proposed: str | None


@dataclass(frozen=True)
class ObjectRequest:
    """What a person asked for, checked.

    Attributes:
        expected: the class that the author saw, one for all or by label id; None where not said
        expected_box: the box likewise
        seen: as in ``decisions.request.Request``
        labels: the class of some items, by label id, where not all get the same
        boxes: the box of some items likewise
        told: missing objects that no iteration of the run may know, by their ids
        origins: the ids that labels have in the file that a decision is from, by their ids here
        or_given: as in ``decisions.request.Request``
        taken: whether labels that decisions took off their images can be put back, or left off
        alone: whether a missing object is left alone where somebody has made a label since
    """

    action: str
    items: list[ObjectId]
    label: str | None
    box: list[float] | None
    tag: str | None
    expected: str | Mapping[str, str | None] | None
    expected_box: Sequence[float] | Mapping[str, Sequence[float] | None] | None
    seen: int = -1
    labels: Mapping[str, str | None] = field(default_factory=dict)
    boxes: Mapping[str, list[float] | None] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    or_given: bool = False
    taken: bool = False
    alone: bool = False

    @classmethod
    def checked(
        cls,
        action: str,
        label_ids: Sequence[str],
        label: Label,
        box: Any,
        tag: str | None,
        expected: str | Mapping[str, str | None] | None,
        expected_box: Any,
    ) -> ObjectRequest:
        """The request, or InputError where a parameter cannot be used; a label, or one an item."""
        known = (*KIND_OF, KEEP_ALL)
        if action not in known:
            raise InputError(f"action must be one of {', '.join(known)}, got {action!r:.80}")
        for name, value, owners in (
            ("label", label, WITH_LABEL),
            ("box", box, WITH_BOX),
            ("tag", tag, ("tag",)),
        ):
            if value is not None and action not in owners:
                told = " or ".join(f"'{owner}'" for owner in owners)
                raise InputError(f"{name} goes with action {told}, not with '{action}'")
        each = label if isinstance(label, Mapping) else {}
        one = None if isinstance(label, Mapping) else label
        for name, value, owner in (("label", one, "relabel"), ("tag", tag, "tag")):
            if value is not None or (action == owner and not (each and name == "label")):
                check_text(name, value, needed_by=action)
        for name, value in (("tag", tag), ("label", one if action == "add" else None)):
            if value == "":
                raise InputError(f"{name} must not be empty")
        items = _checked_ids(label_ids)
        if isinstance(label, Mapping):
            _check_each(each, items)
        checked_box = None if box is None else _checked_box("box", box)
        return cls(
            action,
            items,
            one,
            checked_box,
            tag,
            _checked_labels(expected, items),
            _checked_boxes(expected_box, items),
            labels=each,
        )

    def check_without_boxes(self) -> None:
        """Raise InputError where something is asked of boxes, which tags have none of."""
        if self.action == "move":
            raise InputError("action: tags have no boxes that could be moved")
        for name in ("box", "expected_box"):
            if getattr(self, name) is not None:
                raise InputError(f"{name}: tags have no boxes")

    def of_a_file(
        self,
        *,
        labels: Mapping[str, str | None],
        boxes: Mapping[str, list[float] | None],
        told: Mapping[str, Told],
        origins: Mapping[str, str],
        taken: bool = False,
    ) -> ObjectRequest:
        """The request with what a file says of each item."""
        return replace(self, labels=labels, boxes=boxes, told=told, origins=origins, taken=taken)

    def expecting(self, boxes: Mapping[str, Sequence[float] | None]) -> ObjectRequest:
        """The request with the boxes that its author saw, as they are stored."""
        return replace(self, expected_box=boxes)

    def where_nothing_came(self) -> ObjectRequest:
        """The request that adds nothing where somebody has made a label since the iteration."""
        return replace(self, alone=True)

    def is_given(self, item: ObjectId, found: str | None) -> bool:
        """Whether a label has the class already that a decision of a file gives it."""
        given = self.or_given and self.action == "relabel"
        return given and found is not None and found == self.label_for(item)

    def given(self) -> Label:
        """The class that all get, or that each of them gets, as the journal tells it."""
        if self.action != "relabel" or self.label is not None:
            return self.label
        return {i: str(name) for i, name in self.labels.items()} or None

    def label_for(self, item: ObjectId) -> str | None:
        """The class that an item is to get, None where not said."""
        return self.labels.get(str(item)) or self.label

    def box_for(self, item: ObjectId) -> list[float] | None:
        """The box that an item is to get, None where not said."""
        return self.boxes.get(str(item)) or self.box

    def expects(self, item: ObjectId, otherwise: str | None) -> str | None:
        """The class that the author saw."""
        if self.expected is None:
            return otherwise
        return self.expected if isinstance(self.expected, str) else self.expected[str(item)]

    def expects_box(self, item: ObjectId, otherwise: Any) -> Any:
        """The box that the author saw."""
        if self.expected_box is None:
            return otherwise
        if isinstance(self.expected_box, Mapping):
            return self.expected_box[str(item)]
        return self.expected_box


def _checked_ids(label_ids: Sequence[str]) -> list[ObjectId]:
    if isinstance(label_ids, str | bytes):
        raise InputError("label_ids must be a list of label ids, got a text")
    for label_id in dict.fromkeys(label_ids):
        if not (isinstance(label_id, str | ObjectId) and ObjectId.is_valid(label_id)):
            raise InputError(f"label_ids must hold label ids, got {label_id!r:.80}")
    items = list(dict.fromkeys(ObjectId(label_id) for label_id in label_ids))
    if not items:
        raise InputError("label_ids is empty: choose at least one label")
    return items


def _checked_box(name: str, box: Any) -> list[float]:
    """A box of four finite numbers, as floats; one to be given with an area, within its image."""
    numbers = list(box) if isinstance(box, list | tuple | np.ndarray) else []
    right = len(numbers) == 4 and all(
        isinstance(v, int | float | np.number) and not isinstance(v, bool) and math.isfinite(v)
        for v in numbers
    )
    if not right:
        raise InputError(
            f"{name} must be [x, y, width, height] relative to the image, got {box!r:.80}"
        )
    checked = [float(v) for v in numbers]
    if name == "box":
        problem = int(within_image(np.array([checked]))[1][0])
        if problem != USABLE:
            raise InputError(f"box is {REASONS[problem]}: {checked}")
        x, y, width, height = checked
        if min(x, y) < -BEYOND or max(x + width, y + height) > 1 + BEYOND:
            raise InputError(
                f"box leaves its image: {checked}, read as x, y, width and height relative to the "
                f"image, spans {x:g} to {x + width:g} across and {y:g} to {y + height:g} down; "
                "expected 0 to 1. A box given by two corners needs its width and height instead"
            )
    return checked


def _check_each(labels: Mapping[str, str], items: Sequence[ObjectId]) -> None:
    for item in items:
        if not labels.get(str(item)):
            raise InputError(f"label says nothing of label {item}")
        check_text(f"label of label {item}", labels[str(item)])


def _checked_labels(expected: Any, items: Sequence[ObjectId]) -> Any:
    if isinstance(expected, Mapping):
        for item in items:
            if str(item) not in expected:
                raise InputError(f"expected_label says nothing of label {item}")
            if expected[str(item)] is not None:
                check_text(f"expected_label of label {item}", expected[str(item)])
    elif expected is not None:
        check_text("expected_label", expected)
    return expected


def _checked_boxes(expected: Any, items: Sequence[ObjectId]) -> Any:
    if expected is None:
        return None
    if not isinstance(expected, Mapping):
        return _checked_box("expected_box", expected)
    found: dict[str, list[float] | None] = {}
    for item in items:
        if str(item) not in expected:
            raise InputError(f"expected_box says nothing of label {item}")
        box = expected[str(item)]
        name = f"expected_box of label {item}"
        found[str(item)] = None if box is None else _checked_box(name, box)
    return found
