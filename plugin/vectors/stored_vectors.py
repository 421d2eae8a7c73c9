"""Vectors that a dataset holds, in a field or a brain run, as further signs of likeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import Any

import fiftyone as fo
import numpy as np
import numpy.typing as npt

from ..documents import value_at
from ..errors import InputError, meant
from ..store.raw_documents import read_documents
from ..store.samples import Dataset
from .axes import random_axes
from .field_survey import vector_length
from .stored import decode_rows

MOST_NUMBERS = 64
"""Longer vectors are projected at random: which are neighbours hardly changes."""


def vectors_of(dataset: Dataset) -> list[str]:
    """The fields of vectors, and the brain runs that hold embeddings."""
    fields = [
        name
        for name, kind in dataset.get_field_schema().items()
        if isinstance(kind, (fo.VectorField, fo.ArrayField))
    ]
    return [*fields, *dataset.list_brain_runs(type="similarity")]


def check_vectors(dataset: Dataset, name: Any) -> None:
    """Raise InputError unless ``name`` is a vector field or a brain run of the dataset."""
    schema = dataset.get_field_schema(flat=True)
    if isinstance(name, str) and isinstance(
        schema.get(name), (fo.VectorField, fo.ArrayField, fo.ListField)
    ):
        return
    if isinstance(name, str) and dataset.has_brain_run(name):
        return
    what = f" is of type {type(schema[name]).__name__}" if name in schema else " does not exist"
    raise InputError(
        f"embeddings: {name!r}{what} in dataset '{dataset.name}'; expected a vector field or a "
        f"brain run that holds embeddings (brain runs: "
        f"{', '.join(dataset.list_brain_runs()) or 'none'}).{meant(name, vectors_of(dataset))}"
    )


def read_vectors(dataset: Dataset, name: str, sample_ids: list[str]) -> npt.NDArray[np.float32]:
    """The vectors of some samples: (n, d), d at most 64; zeros where there is none.

    Raises:
        InputError: if not one of the samples has a vector
    """
    place = {sample: i for i, sample in enumerate(sample_ids)}
    length = _length(dataset, name, place)
    if length is None:
        raise InputError(f"embeddings: no compared sample has a vector in '{name}'")
    projection = _projection(length)
    out = np.zeros((len(sample_ids), projection.shape[1]), np.float32)
    for ids, values in _stored(dataset, name):
        at = [place.get(sample, -1) for sample in ids]
        found = [value for i, value in zip(at, values, strict=True) if i >= 0]
        rows, _ = decode_rows(found, length)
        out[[i for i in at if i >= 0]] = rows.astype(np.float32) @ projection
    return out


def _length(dataset: Dataset, name: str, wanted: Container[str]) -> int | None:
    """The most frequent length of the vectors, from all of them or from some drawn of all."""
    if name in dataset.get_field_schema(flat=True):
        return vector_length(dataset, name, wanted)
    lengths: Counter[int] = Counter()
    for ids, values in _stored(dataset, name):
        found = (v for i, v in zip(ids, values, strict=True) if i in wanted)
        lengths.update(len(v) for v in found if v is not None)
    return lengths.most_common(1)[0][0] if lengths else None


def _projection(length: int) -> npt.NDArray[np.float32]:
    if length <= MOST_NUMBERS:
        return np.eye(length, dtype=np.float32)
    return random_axes(length, MOST_NUMBERS).astype(np.float32)


def _stored(dataset: Dataset, name: str) -> Any:
    """Pairs of sample ids and their stored vectors, in chunks."""
    if name in dataset.get_field_schema(flat=True):
        for documents in read_documents(dataset, [name], 1_000):
            yield [str(d["_id"]) for d in documents], [value_at(d, name) for d in documents]
        return
    results: Any = dataset.load_brain_results(name)
    if getattr(results, "embeddings", None) is None:
        raise InputError(f"embeddings: brain run '{name}' holds no embeddings")
    yield [str(i) for i in results.sample_ids], list(results.embeddings)
