"""What a person asks to be done to samples, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from ..errors import InputError
from ..values import LONGEST_TEXT
from .changes import ACTIONS, KEEP_ALL

Label = str | Mapping[str, str] | None
"""What a relabel gives: one label to all samples, or one to each by its id; None otherwise."""


@dataclass(frozen=True)
class Request:
    """What a person asked for, checked.

    Attributes:
        label: what ``relabel`` gives to all samples, or to each by its id
        seen: the last decision of the dataset that had been made when it was asked, negative where
            nobody looked; one that asks for the same and was made since was asked at the same time
        or_given: whether a sample that has the label already that it is given is as good, as in a
            copy that was made after the decision
    """

    action: str
    ids: list[ObjectId]
    label: Label
    tag: str | None
    expected: str | Mapping[str, str | None] | None
    seen: int = -1
    or_given: bool = False

    @classmethod
    def checked(
        cls,
        action: str,
        sample_ids: Sequence[str],
        label: Label,
        tag: str | None,
        expected: str | Mapping[str, str | None] | None,
    ) -> Request:
        """The request, or InputError where a parameter cannot be used."""
        if action not in (*ACTIONS, KEEP_ALL):
            known = ", ".join((*ACTIONS, KEEP_ALL))
            raise InputError(f"action must be one of {known}, got {action!r}")
        for name, value, owner in (("label", label, "relabel"), ("tag", tag, "tag")):
            if action == owner:
                for one in value.values() if isinstance(value, Mapping) else (value,):
                    check_text(name, one, needed_by=owner)
            elif value is not None:
                raise InputError(f"{name} goes with action '{owner}', not with '{action}'")
        if action == "tag" and not tag:
            raise InputError("tag must not be empty")
        ids = _checked_ids(sample_ids)
        if isinstance(label, Mapping):
            _check_each("label", label, ids)
        if isinstance(expected, Mapping):
            _check_expected(expected, ids)
        elif expected is not None:
            check_text("expected_label", expected)
        return cls(action, ids, label, tag, expected)

    def gives(self, sample_id: ObjectId) -> str | None:
        """The label that a sample is given."""
        return self.label[str(sample_id)] if isinstance(self.label, Mapping) else self.label

    def takes(self, sample_id: ObjectId, found: str | None) -> bool:
        """Whether a sample with this label is one that the author decided on."""
        given = self.or_given and self.action == "relabel" and found == self.gives(sample_id)
        return given or found == self.expects(sample_id, found)

    def expects(self, sample_id: ObjectId, found: str | None) -> str | None:
        """The label that the author saw."""
        if self.expected is None:
            return found
        return self.expected if isinstance(self.expected, str) else self.expected[str(sample_id)]


def check_text(name: str, value: Any, needed_by: str | None = None) -> None:
    """Raise InputError unless a value is a text that can be kept.

    Args:
        name: the parameter
        value: its value
        needed_by: the action that cannot do without it
    """
    if not isinstance(value, str):
        wanted = f"action '{needed_by}' needs a {name}" if needed_by else f"{name} must be a text"
        raise InputError(f"{wanted}, got {value!r}")
    if len(value) > LONGEST_TEXT:
        raise InputError(
            f"{name} must be a text of at most {LONGEST_TEXT:,} characters, got {len(value):,}"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{name} is no valid Unicode text: {error.reason}") from None


def _checked_ids(sample_ids: Sequence[str]) -> list[ObjectId]:
    if isinstance(sample_ids, str | bytes):
        raise InputError("sample_ids must be a list of sample ids, got a text")
    unique = dict.fromkeys(sample_ids)
    for sample_id in unique:
        if not ObjectId.is_valid(sample_id):
            raise InputError(f"sample_ids must hold sample ids, got {sample_id!r}")
    if not unique:
        raise InputError("sample_ids is empty: choose at least one sample")
    return list(dict.fromkeys(ObjectId(sample_id) for sample_id in unique))


def _check_each(name: str, values: Mapping[str, Any], ids: Sequence[ObjectId]) -> None:
    for sample_id in ids:
        if str(sample_id) not in values:
            raise InputError(f"{name} says nothing of sample {sample_id}")


def _check_expected(expected: Mapping[str, str | None], ids: Sequence[ObjectId]) -> None:
    _check_each("expected_label", expected, ids)
    for sample_id in ids:
        value = expected[str(sample_id)]
        if value is not None:
            check_text(f"expected_label of sample {sample_id}", value)
