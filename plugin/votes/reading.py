"""Votes as a dataset holds them: fields of ``Classification``, or a list of labels of a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
from bson import ObjectId

from ..documents import value_at
from ..errors import InputError
from ..store.declared import no_such_field
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, Dataset, samples_of
from .ballots import Ballots

IDS_A_QUERY = 20_000
MOST_ANNOTATORS = 100_000
LOOKED_AT = 100
SECOND_VOTE = "second vote of the same annotator"


@dataclass
class ReadVotes:
    """Votes on some samples, with who gave them.

    Attributes:
        ballots: the votes
        names: the annotators
        left_out: how many labels were no votes, by reason
    """

    ballots: Ballots
    names: list[str]
    left_out: Counter[str] = field(default_factory=Counter)


def check_vote_fields(dataset: Dataset, names: Sequence[str], label_field: str) -> None:
    """Raise InputError unless every field holds labels that can be votes."""
    schema = dataset.get_field_schema()
    able = [k for k, f in schema.items() if _kind(f) in (fo.Classification, fo.Classifications)]
    for name in names:
        if name == label_field:
            raise InputError(
                f"vote_fields: '{name}' is the label field. Its labels count as an opinion anyway, "
                "unless they are what the votes say."
            )
        if name not in able:
            expected = "a Classification or Classifications field"
            there = [k for k in able if k != label_field]
            raise no_such_field(dataset, name, "vote_fields", expected, there)


def _kind(declared: Any) -> Any:
    return getattr(declared, "document_type", None)


def read_votes(
    samples: Collection,
    sample_ids: Sequence[str],
    fields: Sequence[str],
    attribute: str,
    classes: Sequence[str],
    journal: Iterable[tuple[str, str, str]] = (),
) -> ReadVotes:
    """The votes on samples.

    An annotator is who the label's attribute names; without one, the field. One who voted twice on
    a sample counts once, with what comes last.

    Args:
        samples: the dataset, or a view of it
        sample_ids: the rows, in order
        fields: names of fields of ``Classification`` or ``Classifications``
        attribute: of a label, names who gave it
        classes: what can be voted for
        journal: further votes, which come last: sample id, who, and the class
    """
    index = {name: i for i, name in enumerate(classes)}
    people: dict[str, int] = {}
    found = ReadVotes(Ballots.of([], [], [], samples=0, annotators=0, classes=0), [])
    rows: list[int] = []
    who: list[int] = []
    said: list[int] = []
    decided: dict[str, list[tuple[str, str]]] = {}
    for sample_id, person, value in journal:
        decided.setdefault(sample_id, []).append((person, value))
    for row, document in _documents(samples, sample_ids, fields):
        votes: dict[int, int] = {}
        said_here = [
            (str(label.get(attribute) or name), label.get("label"))
            for name, label in _labels(document, fields)
        ]
        for person, value in [*said_here, *decided.get(sample_ids[row], [])]:
            if not isinstance(value, str) or not value:
                found.left_out["no label"] += 1
            elif value not in index:
                found.left_out[f"'{value}' is no class"] += 1
            else:
                at = people.setdefault(person, len(people))
                if at in votes:
                    found.left_out[SECOND_VOTE] += 1
                votes[at] = index[value]
        rows += [row] * len(votes)
        who += votes.keys()
        said += votes.values()
    if len(people) > MOST_ANNOTATORS:
        raise InputError(
            f"vote_fields: {len(people):,} annotators; does '{attribute}' name votes, not people?"
        )
    n, people_count = len(sample_ids), len(people)
    found.ballots = Ballots.of(
        rows, who, said, samples=n, annotators=people_count, classes=len(classes)
    )
    found.names = list(people)
    return found


def _documents(
    samples: Collection, sample_ids: Sequence[str], fields: Sequence[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    collection = samples_of(root_dataset(samples))
    wanted = dict.fromkeys(["_id", *fields], 1)
    for start in range(0, len(sample_ids), IDS_A_QUERY):
        part = [ObjectId(i) for i in sample_ids[start : start + IDS_A_QUERY]]
        place = {i: start + k for k, i in enumerate(part)}
        for document in collection.find({"_id": {"$in": part}}, wanted):
            yield place[document["_id"]], document


def _labels(
    document: dict[str, Any], fields: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in fields:
        stored = value_at(document, name)
        if not isinstance(stored, dict):
            continue
        labels = stored.get("classifications", stored.get("detections"))
        for label in [stored] if labels is None else labels:
            if isinstance(label, dict):
                yield name, label


def doubt_of_models(samples: Collection, fields: Sequence[str]) -> str:
    """What to say of fields whose labels bear confidences, as a model's do; else nothing.

    Args:
        samples: the dataset or a view of it
        fields: names of fields of ``Classification``, ``Classifications`` or ``Detections``
    """
    collection = samples_of(root_dataset(samples))
    found: list[str] = []
    for name in fields:
        documents = collection.find({name: {"$ne": None}}, {name: 1}).limit(LOOKED_AT)
        labels = [one for document in documents for _, one in _labels(document, [name])]
        sure = [one for one in labels if one.get("confidence") is not None]
        if len(sure) > len(labels) / 2:
            found.append(f"'{name}'")
    if not found:
        return ""
    return (
        f"vote_fields: the labels of {', '.join(found)} bear confidences, as a model's do. Votes "
        "are taken for people's; name models in prediction_fields."
    )


def vote_classes(samples: Collection, fields: Sequence[str]) -> list[str]:
    """The distinct classes of the votes of a dataset, sorted."""
    collection = samples_of(root_dataset(samples))
    found: set[Any] = set()
    for name in fields:
        for path in (f"{name}.label", f"{name}.classifications.label"):
            found.update(collection.distinct(path))
    return sorted(v for v in found if isinstance(v, str) and v)
