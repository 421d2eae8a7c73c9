"""Which split of the data a sample belongs to: the one rule for all screens and operators."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .documents import value_at
from .errors import InputError, meant

NAMES = {
    "train": ("train", "training", "trainval"),
    "validation": ("val", "valid", "validation", "minival", "dev", "eval", "evaluation"),
    "test": ("test", "testing", "testdev", "holdout", "heldout"),
}
"""What the splits are called that are recognised, whatever the case; see ``split_named``."""

FIELDS = ("split", "subset", "partition")
"""Fields that are looked at where no tag names a split: texts or Classifications."""

USUAL = "usual"
"""The option that goes back to recognised names."""

LOOKED_AT = f"tags and the fields {', '.join(FIELDS)} are looked at without it"
HOW = f"a field as {{'field': 'subset'}}, or tags as ['lab', 'street']; {LOOKED_AT}"

_MEANING = {name: split for split, names in NAMES.items() for name in names}
_PREFIX = re.compile(r"(?:split|subset|partition|set)[\s:=/_-]+(?=.)")
_FOLD = re.compile(r"(?:k?fold|cv)(\d{1,3})")
_SUFFIX = re.compile(r"(?:set|split|data|images)?\d{0,4}$")


def split_named(name: Any) -> str | None:
    """The split that a name means; None where it means none.

    >>> [split_named(name) for name in ("Train", "val2017", "split:test", "hold-out", "dev")]
    ['train', 'validation', 'test', 'test', 'validation']
    >>> split_named("fold_3"), split_named("night"), split_named(7)
    ('fold3', None, None)
    """
    if not isinstance(name, str):
        return None
    text = name.strip().lower()
    if not text.isascii():
        return None
    text = re.sub(r"[^a-z0-9]", "", _PREFIX.sub("", text, count=1))
    if fold := _FOLD.fullmatch(text):
        return f"fold{int(fold[1])}"
    return _MEANING.get(text) or _MEANING.get(_SUFFIX.sub("", text, count=1))


@dataclass(frozen=True)
class SplitRule:
    """How a sample's split is found; by recognised names where neither is given.

    Attributes:
        field: a field whose values are the splits, whatever they are called
        tags: tags that are the splits, whatever they are called
    """

    field: str | None = None
    tags: tuple[str, ...] = ()

    @classmethod
    def of_option(cls, splits: Any) -> SplitRule:
        """The rule that an option names: a field, tags, or "usual" for the names that are usual.

        A text is else the name of a field, or tags between commas.

        Raises:
            InputError: if it is none of these

        >>> SplitRule.of_option(["lab", "street"]).tags, SplitRule.of_option("subset").field
        (('lab', 'street'), 'subset')
        """
        if isinstance(splits, SplitRule):
            return splits
        if splits is None or splits in ("", USUAL):
            return cls()
        if isinstance(splits, str):
            names = [name.strip() for name in splits.split(",") if name.strip()]
            splits = {"field": names[0]} if len(names) == 1 else names
        if isinstance(splits, Mapping) and len(splits) == 1:
            (kind, value), *_ = splits.items()
            if kind == "field" and isinstance(value, str) and value:
                return cls(field=value)
            splits = value if kind == "tags" else None
        tags = tuple(splits) if isinstance(splits, (list, tuple, set, frozenset)) else ()
        if len(set(tags)) < 2 or not all(isinstance(tag, str) and tag for tag in tags):
            raise InputError(
                f"splits: expected {HOW}; tags must be two or more. Nothing was changed."
            )
        return cls(tags=tags)

    def check(self, dataset: Any) -> None:
        """Raise InputError where the field is not there or its values cannot name splits."""
        if self.field is None:
            return
        schema = dataset.get_field_schema(flat=True)
        found = schema.get(self.field)
        kind = getattr(found, "document_type", None) or type(found)
        usable = ("StringField", "IntField", "BooleanField", "Classification")
        if found is None or kind.__name__ not in usable:
            what = "does not exist" if found is None else f"is of type {kind.__name__}"
            raise InputError(
                f"splits: field '{self.field}' of dataset '{dataset.name}' {what}; expected {HOW}."
                f"{meant(self.field, schema) if found is None else ''}"
            )

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of documents that are looked at."""
        return (self.field,) if self.field else ("tags",) if self.tags else ("tags", *FIELDS)

    def split_of(self, document: Mapping[str, Any]) -> str | None:
        """The split of a sample, by its document; None where it is in none.

        >>> rule = SplitRule()
        >>> rule.split_of({"tags": ["night", "val"]}), rule.split_of({"split": {"label": "Test"}})
        ('validation', 'test')
        """
        if self.field is not None:
            return _text(value_at(document, self.field))
        tags = document.get("tags")
        tags = tags if isinstance(tags, (list, tuple)) else ()
        if self.tags:
            return next((tag for tag in self.tags if tag in tags), None)
        fields = (_text(document.get(name)) for name in FIELDS)
        return next((found for name in (*tags, *fields) if (found := split_named(name))), None)

    def names(self, values: Mapping[str, Iterable[Any]]) -> list[str]:
        """The splits that there are, by the distinct values of each of ``paths``.

        >>> SplitRule().names({"tags": ["night", "Train"], "split": ["val"]})
        ['train', 'validation']
        """
        found = set()
        for path, different in values.items():
            for value in different:
                document = {"tags": [value]} if path == "tags" else _nested(path, value)
                found.add(self.split_of(document))
        return sorted(found - {None})

    def as_document(self) -> dict[str, Any]:
        """To be kept."""
        return {"field": self.field, "tags": list(self.tags)}

    @classmethod
    def of_document(cls, kept: Mapping[str, Any] | None) -> SplitRule:
        """The rule that was kept; the usual one where none was."""
        return cls(kept["field"], tuple(kept["tags"])) if kept else cls()


def note_on(names: list[str]) -> str | None:
    """What to say where leaks across splits could not be looked for."""
    if len(names) > 1:
        return None
    what = f"Only one split was found ({names[0]})" if names else "No splits were found"
    return (
        f"{what}, so no leaks. Find near-duplicates asks under Splits for a field, or for two "
        f"or more tags; {LOOKED_AT}."
    )


def _nested(path: str, value: Any) -> dict[str, Any]:
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


def _text(value: Any) -> str | None:
    """The name in a text, a number or a stored Classification."""
    if isinstance(value, Mapping):
        value = value.get("label")
    if isinstance(value, (bool, int)):
        return str(value)
    return value if isinstance(value, str) and value else None
