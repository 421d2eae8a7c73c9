"""Label errors among objects from end to end: read, learn, score, keep, write the fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ..abandonable import abandonable
from ..arrays import BoolArray
from ..classify.settings import Settings, not_spread
from ..errors import InputError
from ..progress import Report, part_of, silent
from ..runs.life import begin_run, begins_anew
from ..runs.renamed import follow_renames
from ..scoring.cies import cies
from ..scoring.lookalikes import lookalike_labels, warning_of
from ..store.declared import check_writable, declared_fields, is_detections, no_such_field
from ..store.iterations import unpack_ids
from ..store.jobs import Job
from ..store.label_field import OBJECTS_SO_FAR, check_not_moved
from ..store.listed_runs import deleted_keys
from ..store.own_fields import check_not_own, check_own_fields
from ..store.runs import Run, check_run_key, list_runs, load_run, unlist
from ..store.sample_collection import check_images, root_dataset
from ..store.samples import Collection, Dataset
from ..store.views import check_view
from ..votes.named_annotators import check_annotators
from .auto import check_options, choose_object_source, detections_fields
from .consensus_field import write_consensus
from .covered import check_covers_items
from .doubles import DOUBLES, joined
from .fields import write_object_fields
from .from_detections import DetectionSource
from .from_votes import VoteSource
from .iteration import object_iteration
from .known import KnownDecisions
from .scoring import KIND_NAMES
from .store import (
    IMAGES,
    Columns,
    keep_iteration,
    last_iteration,
    mark_written,
)
from .vote_reading import check_drawn_fields
from .voted_detections import VotedDetections

SHARE_OF_SCORING = 0.6
DOUBLES_LISTED = 1_000


def is_on_objects(samples: Collection, field: str) -> bool:
    """Whether a field of a collection's dataset holds ``Detections``."""
    return is_detections(declared_fields(root_dataset(samples)).get(field))


def find_object_errors(
    samples: Collection, settings: Settings, report: Report = silent
) -> dict[str, Any]:
    """Score every label of a ``Detections`` field, and find objects that lack one.

    Args:
        samples: a dataset of images, or a view that selects some of them
        settings: the source ``predictions`` finds all kinds of errors, any other one wrong classes
            alone; ``auto`` chooses
        report: told of progress; may be called from this thread only

    Returns:
        ``run_key``, ``iteration``, ``samples`` (images), ``objects`` (labels), ``candidates``
        (objects that may lack a label), ``suspects`` (by kind that was looked for: how many are
        more likely wrong than right; decided ones are not counted), ``misclassified`` (labels whose
        prediction is another class), ``classes``, ``crowd``, ``skipped`` (images, by reason),
        ``skipped_samples``, ``left_out`` (boxes, by reason), ``doubles`` (pairs of labels on one
        object: ``sample_id``, ``label_ids``, ``iou``; the first thousand), ``assumed`` (how
        predictions were read), ``source``, ``chosen`` (what was done and why), ``warnings`` and
        ``lookalike_labels`` as on whole samples, and ``so_far``: what
        works on objects and what does not yet. With votes also ``votes``, ``label_counts``,
        ``votes_left_out`` and ``annotators``: as on whole samples, each with ``iou``, the mean
        overlap of their boxes with the agreed ones

    Raises:
        InputError: if something given cannot be worked with; nothing was changed
        Cancelled: if the job was cancelled; nothing was changed
    """
    dataset = root_dataset(samples)
    check_images(samples)
    check_options(settings)
    choice = choose_object_source(samples, settings)
    settings = choice.settings
    note = _check(samples, settings)
    with Job(dataset, settings.run_key, "Finding label errors", report) as job:
        kind = _kind(settings)
        source = abandonable(
            lambda _: kind(samples, settings), part_of(job, 0.0, 0.0), "Reading labels"
        )
        every, reader = source.columns(part_of(job, 0.0, SHARE_OF_SCORING)), source.reader
        votes = source if isinstance(source, VoteSource) else None
        known = KnownDecisions(_kept_run(dataset, settings.run_key))
        columns = known.carried_over(every, reader.classes) | joined(reader.doubles)
        decided = known.decided(columns, reader.classes)
        counts = _counts(columns, len(reader.classes), decided, source.kinds)
        chosen = " ".join(filter(None, (choice.said, source.said, not_spread(settings))))
        warnings = [*filter(None, [warning_of(reader.classes)]), *(votes.doubts if votes else ())]
        header = {
            "settings": {
                "label_field": settings.label_field,
                "prediction_fields": list(settings.prediction_fields),
                "source": settings.source,
                "embeddings": settings.embeddings,
                "vote_fields": list(settings.vote_fields),
                "journal_votes": settings.journal_votes,
                "seed": settings.seed,
            },
            "classes": list(reader.classes),
            "kinds": list(KIND_NAMES),
            "counts": counts,
            "skipped": dict(reader.skipped.reasons),
            "doubles": len(columns["double_iou"]),
            "left_out": [[reason, count] for reason, count in reader.left_out.items()],
            "assumed": reader.assumed(),
            "chosen": chosen,
            "warnings": warnings,
            "votes": votes.found if votes else {},
        }
        run = begin_run(dataset, settings.run_key, settings.label_field)
        try:
            iteration = keep_iteration(run, header, columns)
        except BaseException:
            if last_iteration(run) is None:
                unlist(run)
            raise
        writing = part_of(job.note, SHARE_OF_SCORING, 1.0)
        write_object_fields(run, columns, reader.classes, KIND_NAMES, writing)
        if votes is not None:
            one, other = every["item_id"].tolist(), columns["item_id"].tolist()
            named = {a: b for a, b in zip(one, other, strict=True) if a != b}
            votes.keep(run, object_iteration(run), named)
        write_consensus(run, votes and votes.agreed, columns[IMAGES], reader.classes, job.note)
        mark_written(iteration)
    number = (last_iteration(run) or {"number": 1})["number"]
    return {
        "run_key": run.key,
        "iteration": number,
        **counts,
        "classes": len(reader.classes),
        "crowd": reader.crowd,
        "skipped": dict(reader.skipped.reasons),
        "skipped_samples": list(reader.skipped.samples),
        "left_out": dict(reader.left_out),
        "doubles": _doubles(columns),
        "assumed": reader.assumed(),
        "source": settings.source,
        "chosen": chosen,
        "warnings": warnings,
        "lookalike_labels": lookalike_labels(reader.classes),
        "so_far": OBJECTS_SO_FAR,
        **({} if votes is None else votes.found),
        **({} if note is None else {"begun_anew": note}),
    }


def _kind(settings: Settings) -> Callable[[Collection, Settings], Any]:
    """What judges the objects."""
    if settings.source == "votes":
        return VoteSource
    if settings.source == "predictions":
        voted = settings.vote_fields or settings.journal_votes
        return VotedDetections if voted else DetectionSource
    from .from_crops import CropSource  # imports torch, which takes seconds

    return CropSource


def _doubles(columns: Columns) -> list[dict[str, Any]]:
    """The pairs of labels on one object, the first thousand."""
    parts = [unpack_ids(columns[name][:DOUBLES_LISTED]) for name in DOUBLES[:-1]]
    return [
        {"sample_id": sample, "label_ids": [one, other], "iou": iou}
        for sample, one, other, iou in zip(*parts, columns["double_iou"].tolist(), strict=False)
    ]


def _check(samples: Collection, settings: Settings) -> str | None:
    """Check what is given; why the run begins anew, if something of it is there."""
    dataset, key = root_dataset(samples), settings.run_key
    declared = declared_fields(dataset)
    for name in settings.prediction_fields:
        if not is_detections(declared.get(name)):
            there = [n for n in detections_fields(dataset) if n != settings.label_field]
            expected = "a Detections field, as the labels are"
            raise no_such_field(dataset, name, "prediction_fields", expected, there)
    check_drawn_fields(dataset, settings.vote_fields, settings.label_field)
    check_annotators(dataset, settings.vote_fields, settings.annotator_attribute)
    follow_renames(dataset)
    there = key in list_runs(dataset)
    if there:
        check_not_moved(load_run(dataset, key), declared)
    check_run_key(dataset, key, settings.label_field)
    if there and load_run(dataset, key).iterations():
        raise InputError(
            f"run_key: the run '{key}' is on whole samples, '{settings.label_field}' was a "
            "Classification field then. Choose another run_key."
        )
    check_not_own(dataset, [settings.label_field], "label_field")
    check_not_own(dataset, settings.prediction_fields, "prediction_fields")
    check_not_own(dataset, settings.vote_fields, "vote_fields")
    check_own_fields(dataset, key, ours=there or key in deleted_keys(dataset))
    check_writable(dataset, [settings.label_field], declared)
    check_view(samples, [settings.label_field, *settings.prediction_fields])
    kept = _kept_run(dataset, key)
    if kept is not None:
        check_covers_items(samples, kept)
    return begins_anew(dataset, key)


def _kept_run(dataset: Dataset, key: str) -> Run | None:
    """The run that goes on; None where one begins."""
    if key not in list_runs(dataset) or begins_anew(dataset, key):
        return None
    return load_run(dataset, key)


def _counts(
    columns: Columns, classes: int, decided: BoolArray, kinds: Sequence[str]
) -> dict[str, Any]:
    """How many there are, and how many of those that are not decided are suspect."""
    wrong = (columns["suspicion"] > 0) & ~decided
    suspect = Counter(columns["kind"][wrong].tolist())
    cells = cies(columns["label"], columns["prediction"], classes + 1)
    within = cells[:classes, :classes]
    return {
        "samples": len(columns[IMAGES]),
        "objects": int(cells[:classes].sum()),
        "candidates": int(cells[classes].sum()),
        "suspects": {name: suspect[KIND_NAMES.index(name)] for name in kinds},
        "misclassified": int(within.sum() - within.trace()),
    }
