"""Annotations: samples that a run has handed to annotators, and how they stood at that time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from ..errors import InputError
from ..store.database import collection_of, open_database
from ..store.held import forget_deleted
from ..store.runs import Run

COLLECTION = "deconfuse.annotations"
SAMPLES = "deconfuse.annotation_samples"
CHUNK = 10_000


@dataclass(frozen=True)
class Sent:
    """A sample as it was when it was sent.

    Attributes:
        sample_id: the sample
        label: its label
        decision: the decision that stood on it, None where it was open
    """

    sample_id: ObjectId
    label: str | None
    decision: ObjectId | None


@dataclass(frozen=True)
class Annotation:
    """One annotation run: what was sent, and how it stood.

    Attributes:
        key: of FiftyOne's annotation run, and of the field that a hint is put into
        backend: ``labelstudio``, ``cvat`` or ``labelbox``
        suggestion: ``hint`` or ``hidden``
        classes: those that the annotators choose from
        samples: how many were sent
        objects: how many objects were sent on them, None where whole samples are asked about
    """

    key: str
    backend: str
    suggestion: str
    classes: tuple[str, ...]
    samples: int
    created_at: datetime
    objects: int | None = None


def free_key(run: Run) -> str:
    """The next annotation key of a run that neither a field nor an annotation run has."""
    taken = {*run.dataset.list_annotation_runs(), *run.dataset.get_field_schema()}
    number = 1 + len(annotations_of(run))
    while run.field(f"annotation_{number}") in taken:
        number += 1
    return run.field(f"annotation_{number}")


def keep_annotation(
    run: Run,
    key: str,
    backend: str,
    suggestion: str,
    classes: Sequence[str],
    sent: Sequence[Any],
    **counts: int,
) -> None:
    """Keep an annotation run; its own document comes last, and counts.

    Args:
        run: the run
        key: as in :class:`Annotation`, and what follows
        backend: likewise
        suggestion: likewise
        classes: likewise
        sent: data classes of what was sent, each with a ``sample_id``
        counts: how many ``samples`` and ``objects`` these are; by default a sample each
    """
    database = open_database()
    database[SAMPLES].create_index([("dataset_id", 1), ("run_key", 1), ("key", 1)])
    for start in range(0, len(sent), CHUNK):
        part = sent[start : start + CHUNK]
        database[SAMPLES].insert_many([{**run.owner, "key": key, **vars(s)} for s in part])
    database[COLLECTION].insert_one(
        {
            **run.owner,
            "key": key,
            "backend": backend,
            "suggestion": suggestion,
            "classes": list(classes),
            "samples": len(sent),
            **counts,
            "created_at": datetime.now(UTC),
        }
    )


def annotations_of(run: Run) -> list[Annotation]:
    """The annotation runs of a run, first to last."""
    found = collection_of(COLLECTION).find(run.owner).sort("_id", 1)
    return [_annotation(document) for document in found]


def load_annotation(run: Run, key: str | None = None) -> Annotation:
    """One annotation run, the last if no key is given.

    Raises:
        InputError: if there is no such one
    """
    known = {a.key: a for a in annotations_of(run)}
    if not known:
        raise InputError(
            f"Run '{run.key}' has sent nothing to annotation yet. Use send_to_annotation first."
        )
    wanted = key or list(known)[-1]
    if wanted not in known:
        raise InputError(
            f"annotation: run '{run.key}' has no annotation {wanted!r} (it has: {', '.join(known)})"
        )
    return known[wanted]


def sent_samples(run: Run, key: str) -> Iterator[Sent]:
    """The samples of an annotation run."""
    for document in sent_documents(run, key):
        yield Sent(document["sample_id"], document["label"], document["decision"])


def sent_documents(run: Run, key: str) -> Iterator[dict[str, Any]]:
    """What was kept of each sample, or object, of an annotation run, in the order of sending."""
    yield from collection_of(SAMPLES).find({**run.owner, "key": key}).sort("_id", 1)


def forget_annotation(run: Run, key: str) -> None:
    """Remove what FiftyOne and the run keep of an annotation run; the backend keeps its project."""
    dataset = run.dataset
    if key in dataset.list_annotation_runs():
        dataset.delete_annotation_run(key)
    if dataset.has_field(key):
        forget_deleted(dataset)
        dataset.delete_sample_field(key)
    for name in (COLLECTION, SAMPLES):
        collection_of(name).delete_many({**run.owner, "key": key})


def forget_annotations(run: Run) -> None:
    """Remove all annotation runs of a run."""
    for annotation in annotations_of(run):
        forget_annotation(run, annotation.key)


def _annotation(document: dict[str, Any]) -> Annotation:
    return Annotation(
        key=document["key"],
        backend=document["backend"],
        suggestion=document["suggestion"],
        classes=tuple(document["classes"]),
        samples=document["samples"],
        created_at=document["created_at"],
        objects=document.get("objects"),
    )
