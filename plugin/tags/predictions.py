"""What a field of predictions says of tags: listed with confidences, or a score of every class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import BoolArray, Float32Array
from ..documents import value_at
from ..errors import InputError
from ..scoring.score_kind import MixedScores, rounding_step
from ..store.declared import (
    CLASSIFICATIONS,
    declared_fields,
    is_classification,
    is_classifications,
    no_such_field,
    type_name,
)
from ..store.label_kinds import fields_of
from ..store.raw_documents import draw_documents, id_queries
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, samples_of
from ..vectors.stored import common_length, decode_rows
from ..vectors.stored_vectors import vectors_of
from .labels import LIST, NO_CLASS, Counting, TagCounts
from .score_rows import ScoreRows, score_rows

DRAWN = 2_000
VECTORS = ("VectorField", "ArrayField", "ListField")
NO_CONFIDENCE = "no confidence between 0 and 1"
SMALLEST_CONFIDENCE = 1e-4
LEAST_SURE = 0.05
"""The share of a field's tags that need a confidence, so that they are predictions."""


@dataclass(frozen=True)
class TagField:
    """A field of predictions and what is known of it.

    Attributes:
        name: the field
        path: what is read of each sample
        classes: those that it can say something of, in the order of its scores
        rows: how scores are read; None where tags are listed with confidences
        least: of listed ones: how near to 0 and 1 a confidence is taken to lie
        said: how it is read, in words
    """

    name: str
    path: str
    classes: tuple[str, ...]
    rows: ScoreRows | None
    least: float
    said: str

    @property
    def projection(self) -> list[str]:
        """What is read of each sample's document."""
        if self.rows is not None:
            return [self.path]
        return [f"{self.path}.label", f"{self.path}.confidence"]

    def read(
        self,
        documents: Sequence[Mapping[str, Any]],
        index: Mapping[str, int],
        counting: Counting,
    ) -> tuple[Float32Array, list[str | None]]:
        """Log-odds of every tag, and why the field says nothing of a sample, if so.

        Args:
            documents: of samples
            index: the place of each class
            counting: told of what is left out

        Returns:
            float32 (n, C), NaN where the field has no score; n reasons or None
        """
        if self.rows is None:
            return self._read_listed(documents, index, counting)
        found = np.full((len(documents), len(index)), np.nan, np.float32)
        matrix, wrong = decode_rows([value_at(d, self.path) for d in documents], len(self.classes))
        found[:, [index[name] for name in self.classes]] = self.rows.log_odds(matrix)
        problems = [None if p is None else _problem(self.name, p) for p in wrong]
        for i in np.flatnonzero(~self.rows.kind.fits(matrix)).tolist():
            problems[i] = problems[i] or f"scores in '{self.name}' are {self.rows.kind.problem}"
        return found, problems

    def _read_listed(
        self,
        documents: Sequence[Mapping[str, Any]],
        index: Mapping[str, int],
        counting: Counting,
    ) -> tuple[Float32Array, list[str | None]]:
        found = np.full((len(documents), len(index)), np.nan, np.float32)
        problems: list[str | None] = [None] * len(documents)
        for at, document in enumerate(documents):
            listed = value_at(document, self.path)
            if not isinstance(listed, list):
                problems[at] = f"no predictions in '{self.name}'"
                continue
            for said in listed:
                place = index.get(said.get("label"))
                sure = said.get("confidence")
                if place is None:
                    counting.left_out[f"{NO_CLASS} in '{self.name}'"] += 1
                elif not _is_share(sure):
                    counting.left_out[f"{NO_CONFIDENCE} in '{self.name}'"] += 1
                else:
                    p = min(max(float(sure), self.least), 1 - self.least)
                    found[at, place] = np.fmax(found[at, place], np.log(p) - np.log1p(-p))
        return found, problems

    def known(self, index: Mapping[str, int]) -> BoolArray:
        """The classes that it can say something of: bool (C,)."""
        found = np.zeros(len(index), bool)
        found[[index[name] for name in self.classes]] = True
        return found


def describe_tag_field(
    samples: Collection,
    name: str,
    label_field: str,
    counts: TagCounts,
    classes: Sequence[str] = (),
) -> TagField:
    """Find out what a field of predictions holds.

    Args:
        samples: a dataset or view
        name: the field
        label_field: the labels
        counts: which there are
        classes: the names behind vectors of class scores, where somebody gave them

    Raises:
        InputError: if it is none, its classes cannot be told or have nothing in common with the
            labels, or its scores are of several kinds
    """
    dataset = root_dataset(samples)
    declared = declared_fields(dataset).get(name)
    sets, single = is_classifications(declared), is_classification(declared)
    if declared is None or not (sets or single or type_name(declared) in VECTORS):
        expected = "a Classifications field with confidences, or vectors of class scores"
        there = [n for n in fields_of(dataset, CLASSIFICATIONS) if n != label_field]
        there += [n for n in vectors_of(dataset) if n in dataset.classes]
        raise no_such_field(dataset, name, "prediction_fields", expected, there)
    path = f"{name}.logits" if sets or single else name
    drawn = draw_documents(samples, [path], DRAWN, [path])
    values = [v for v in (value_at(d, path) for d in drawn) if v is not None]
    if sets and not values:
        return _listed(samples, name, label_field, counts)
    names, where = _class_list(samples, name, label_field, values, classes)
    _check_common(name, names, label_field, counts)
    return _scored(name, path, values, names, where)


def _listed(samples: Collection, name: str, label_field: str, counts: TagCounts) -> TagField:
    path = f"{name}.{LIST}"
    names: set[Any] = set()
    collection = samples_of(root_dataset(samples))
    for query in id_queries(samples):
        names.update(collection.distinct(f"{path}.label", query))
    classes = tuple(sorted(n for n in names if n and isinstance(n, str)))
    _check_common(name, classes, label_field, counts)
    drawn = draw_documents(samples, [f"{path}.confidence"], DRAWN, [name])
    given = [s.get("confidence") for d in drawn for s in value_at(d, path) or []]
    sure = np.array([c for c in given if _is_share(c)], float)
    if len(sure) <= LEAST_SURE * len(given):
        raise InputError(
            f"prediction_fields: {len(given) - len(sure):,} of {len(given):,} tags in '{name}' "
            "that were looked at have no confidence between 0 and 1"
        )
    step = rounding_step(sure)
    least = SMALLEST_CONFIDENCE if step is None else max(step / 2, SMALLEST_CONFIDENCE)
    said = (
        "tags with a confidence; of one that is not listed nobody knows it, and how often such "
        "tags are labelled is counted in its place"
    )
    return TagField(name, path, classes, None, least, said)


def _scored(
    name: str, path: str, values: Sequence[Any], classes: tuple[str, ...], where: str
) -> TagField:
    matrix, wrong = decode_rows(values, len(classes))
    try:
        rows = score_rows(matrix[[problem is None for problem in wrong]])
    except MixedScores as error:
        raise InputError(
            f"prediction_fields: the scores of '{name}' are of several kinds: {error}. Keep each "
            "kind in a field of its own."
        ) from error
    return TagField(name, path, classes, rows, 0.0, f"{rows.said}; classes {where}")


def _class_list(
    samples: Collection, name: str, label_field: str, values: Sequence[Any], given: Sequence[str]
) -> tuple[tuple[str, ...], str]:
    """The names behind vectors of scores, and where they come from."""
    length = common_length(values)
    if length is None:
        raise InputError(f"prediction_fields: '{name}' holds no vectors of class scores")
    dataset = root_dataset(samples)
    if given and len(given) != length:
        raise InputError(
            f"classes: {len(given)} names were given, but the scores in '{name}' have length "
            f"{length}"
        )
    lists = {
        "as given": given,
        f"from dataset.classes['{name}']": dataset.classes.get(name),
        f"from dataset.classes['{label_field}']": dataset.classes.get(label_field),
        "from dataset.default_classes": dataset.default_classes,
    }
    stated = None if given else dataset.classes.get(name)
    if stated and len(stated) != length:
        raise InputError(
            f"prediction_fields: dataset.classes['{name}'] lists {len(stated)} classes, but its "
            f"scores have length {length}"
        )
    for where, names in lists.items():
        if not names or len(names) != length:
            continue
        if len(set(names)) != length:
            raise InputError(f"The list of classes {where} names a class twice")
        return tuple(names), where
    raise InputError(
        f"prediction_fields: '{name}' has {length} scores a sample, but which class each stands "
        f"for is unknown. Set dataset.classes['{name}'] to the list of the {length} class names, "
        "in their order, or give it as classes."
    )


def _check_common(name: str, classes: Sequence[str], label_field: str, counts: TagCounts) -> None:
    if not set(classes) & set(counts.count):
        raise InputError(
            f"prediction_fields: '{name}' and '{label_field}' have no class in common "
            f"(predictions: {some(classes)}; labels: {some(sorted(counts.count))})"
        )


def some(names: Sequence[str]) -> str:
    """The first few of some names."""
    shown = ", ".join(repr(n[:40]) for n in names[:5])
    return (f"{shown}, … ({len(names)} in all)" if len(names) > 5 else shown) or "none"


def _problem(name: str, problem: str) -> str:
    """What is wrong with a row of scores, as ``decode_rows`` has it."""
    if problem == "is missing":
        return f"no predictions in '{name}'"
    return f"a vector in '{name}' {problem}"


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
