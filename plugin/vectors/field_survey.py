"""What a field holds, learnt from all of its samples: datasets are stored split by split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from ..documents import value_at
from ..store.raw_documents import id_queries
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, samples_of
from .stored import common_length

DRAWN = 4_000
DRAWN_A_LABEL = 5
VECTORS_DRAWN = 1_000
FETCHED = 500
SEED = 51


@dataclass(frozen=True)
class Survey:
    """What the samples of a collection have in a ``Classification`` field.

    Attributes:
        predictions: how many have a value
        with_logits, with_confidence: how many of these have logits, and a confidence
        unlabelled: how many have logits but no label
        drawn: values of samples drawn at random: up to 4,000 of all, and five of each label;
            of those with logits only, where there are any
    """

    predictions: int
    with_logits: int
    with_confidence: int
    unlabelled: int
    drawn: list[dict[str, Any]]


class _Drawn:
    """Members of a stream, drawn at random, each as probable as any other (Vitter's R)."""

    def __init__(self, most: int, random: Random):
        self._most, self._random = most, random
        self._seen = 0
        self.members: list[Any] = []

    def add(self, member: Any) -> None:
        self._seen += 1
        if len(self.members) < self._most:
            self.members.append(member)
            return
        at = self._random.randrange(self._seen)
        if at < self._most:
            self.members[at] = member


def survey(samples: Collection, field: str) -> Survey:
    """Look at a ``Classification`` field of every sample, at its parts and not at their content."""
    collection = samples_of(root_dataset(samples))
    random = Random(SEED)
    every = {True: _Drawn(DRAWN, random), False: _Drawn(DRAWN, random)}
    by_label: dict[Any, _Drawn] = defaultdict(lambda: _Drawn(DRAWN_A_LABEL, random))
    found: Counter[str] = Counter()
    parts = {
        "label": f"${field}.label",
        "logits": {"$gt": [f"${field}.logits", None]},
        "confidence": {"$gt": [f"${field}.confidence", None]},
    }
    for query in id_queries(samples):
        stages = [{"$match": {**query, field: {"$ne": None}}}, {"$project": parts}]
        for document in collection.aggregate(stages):
            label, has_logits = document.get("label"), document["logits"]
            found.update(
                predictions=1,
                logits=has_logits,
                confidence=document["confidence"],
                unlabelled=has_logits and not label,
            )
            every[has_logits].add(document["_id"])
            if has_logits and label and isinstance(label, str):
                by_label[label].add(document["_id"])
    ids = every[found["logits"] > 0].members
    ids += [member for drawn in by_label.values() for member in drawn.members]
    return Survey(
        predictions=found["predictions"],
        with_logits=found["logits"],
        with_confidence=found["confidence"],
        unlabelled=found["unlabelled"],
        drawn=[
            d[field] for d in _fetched(collection, ids, field) if isinstance(d.get(field), dict)
        ],
    )


def vector_length(
    samples: Collection, field: str, wanted: Container[str] | None = None
) -> int | None:
    """The most frequent length of the vectors in a field, None where no sample has one.

    Args:
        samples: the dataset or a view of it
        field: a field of vectors
        wanted: only samples with these ids
    """
    lengths: Counter[int] = Counter()
    for document in draw_vectors(samples, field, VECTORS_DRAWN, wanted):
        length = common_length([value_at(document, field)])
        if length is not None:
            lengths[length] += 1
    return lengths.most_common(1)[0][0] if lengths else None


def draw_vectors(
    samples: Collection, field: str, most: int, wanted: Container[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Documents with a value in a field, drawn at random from all; the same ones each time."""
    collection = samples_of(root_dataset(samples))
    drawn = _Drawn(most, Random(SEED))
    for query in id_queries(samples):
        for document in collection.find({**query, field: {"$ne": None}}, {"_id": 1}).sort("_id", 1):
            if wanted is None or str(document["_id"]) in wanted:
                drawn.add(document["_id"])
    yield from _fetched(collection, sorted(drawn.members), field)


def _fetched(collection: Any, ids: list[Any], field: str) -> Iterator[dict[str, Any]]:
    ids = list(dict.fromkeys(ids))
    for start in range(0, len(ids), FETCHED):
        yield from collection.find({"_id": {"$in": ids[start : start + FETCHED]}}, {field: 1})
