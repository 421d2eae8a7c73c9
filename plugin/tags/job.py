"""Label errors among tags from end to end: read, learn, score, keep, write the fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, Protocol

from ..abandonable import abandonable
from ..arrays import BoolArray
from ..classify.auto import asked_for, by_images
from ..classify.journal_run import run_so_far
from ..classify.settings import AUTO, SKIP, Settings, not_spread
from ..errors import InputError
from ..objects.covered import check_covers_items
from ..objects.iteration import object_iteration
from ..objects.known import KnownDecisions
from ..objects.scoring import KIND_NAMES
from ..objects.store import (
    Columns,
    keep_iteration,
    last_iteration,
    mark_written,
)
from ..progress import Report, part_of, silent
from ..runs.life import begin_run, begins_anew
from ..runs.renamed import follow_renames
from ..scoring.lookalikes import lookalike_labels, warning_of
from ..skipped import Skipped
from ..store.declared import check_writable, declared_fields, is_classifications
from ..store.jobs import Job
from ..store.label_field import TAGS_SO_FAR, check_not_moved
from ..store.listed_runs import deleted_keys
from ..store.own_fields import check_not_own, check_own_fields
from ..store.runs import Run, check_run_key, list_runs, load_run, unlist
from ..store.sample_collection import check_images, root_dataset
from ..store.samples import Collection
from ..store.views import check_view
from ..workers.choices import LOCAL
from .carried_over import carried_over, kept_run
from .fields import write_tag_fields
from .found import FoundTags
from .labels import TagCounts
from .reading import PredictedTags, TagImages
from .scoring import TagModel, learn
from .voted import VotedTags, voted_tags

SHARE_BEFORE, SHARE_OF_SCORING = 0.5, 0.7


class TagSource(Protocol):
    """Where tags and what models say of them come from; see ``reading.PredictedTags``."""

    classes: tuple[str, ...]
    counts: TagCounts
    known: list[BoolArray]
    names: list[str]
    assumed: list[str]
    notes: dict[str, Any]
    skipped: Skipped
    left_out: Counter[str]

    def prepare(self, report: Report) -> None:
        """Do what takes long before anything can be read."""
        ...

    def close(self) -> None:
        """Forget what was worked out."""
        ...

    def some(self, seed: int) -> TagImages:
        """Some images to learn from."""
        ...

    def batches(self, report: Report) -> Generator[TagImages]:
        """Every image that can be judged, once."""
        ...


def is_on_tags(samples: Collection, field: str) -> bool:
    """Whether a field of a collection's dataset holds ``Classifications``."""
    return is_classifications(declared_fields(root_dataset(samples)).get(field))


def find_tag_errors(
    samples: Collection, settings: Settings, report: Report = silent
) -> dict[str, Any]:
    """Score every tag of a ``Classifications`` field, and find tags that images lack.

    Args:
        samples: a dataset of images, or a view that selects some of them
        settings: what to do
        report: told of progress; may be called from this thread only

    Returns:
        ``run_key``, ``iteration``, ``samples`` (images), ``tags`` (labels), ``candidates`` (tags
        that may be missing), ``suspects`` (by kind: how many are more likely wrong than
        right; decided ones are not counted),
        ``classes``, ``source``, ``chosen`` (what was done and why, where nobody named a source),
        ``assumed`` (how predictions were read), ``weighed`` (what each model and the other tags
        count), ``share_of_errors`` (of the labels left out, as estimated), ``skipped``
        (images, by reason), ``skipped_samples``, ``left_out`` (tags, by reason), ``warnings`` and
        ``lookalike_labels`` as on whole samples, and ``so_far``:
        what works on tags and what does not yet. With ``journal_votes`` also ``votes``,
        ``votes_left_out`` and ``annotators``: as on whole samples

    Raises:
        InputError: if something given cannot be worked with; nothing was changed
        Cancelled: if the job was cancelled; nothing was changed
    """
    dataset = root_dataset(samples)
    check_images(samples)
    settings, chosen = _chosen(samples, settings)
    chosen = " ".join(filter(None, (chosen, not_spread(settings))))
    note = _check(samples, settings)
    with Job(dataset, settings.run_key, "Finding label errors", report) as job:
        source: TagSource = abandonable(
            lambda _: _source(samples, settings), part_of(job, 0.0, 0.0), "Reading labels"
        )
        with closing(source):
            source.prepare(part_of(job, 0.0, SHARE_BEFORE))
            learning = part_of(job, SHARE_BEFORE, SHARE_BEFORE)
            model = abandonable(
                lambda _: _learn(source, settings), learning, "Learning from the labels"
            )
            found = FoundTags(model, len(source.classes))
            scoring = part_of(job, SHARE_BEFORE, SHARE_OF_SCORING)
            with closing(source.batches(scoring)) as batches:
                for images in batches:
                    found.add(images)
        known = KnownDecisions(kept_run(dataset, settings.run_key))
        columns = carried_over(found.columns(), source.classes, known)
        voted = _voted(samples, settings, columns, source.classes)
        columns = columns if voted is None else voted.columns
        counts = found.counts(columns, known.decided(columns, source.classes))
        weighed = _weighed(model, source.names)
        run = begin_run(dataset, settings.run_key, settings.label_field)
        votes = {} if voted is None else voted.found
        chosen = chosen if voted is None else f"{chosen} {voted.said}".strip()
        _keep(run, source, settings, counts, weighed, model, columns, votes)
        writing = part_of(job.note, SHARE_OF_SCORING, 1.0)
        write_tag_fields(run, columns, source.classes, KIND_NAMES, writing)
        document = last_iteration(run)
        assert document is not None, "it was kept just now"
        if voted is not None:
            voted.keep(run, object_iteration(run))
        mark_written(document["_id"])
    return {
        "run_key": run.key,
        "iteration": document["number"],
        **counts,
        "classes": len(source.classes),
        "source": settings.source,
        "chosen": chosen,
        "assumed": list(source.assumed),
        "weighed": weighed,
        "share_of_errors": round(model.share, 4),
        "skipped": dict(source.skipped.reasons),
        "skipped_samples": list(source.skipped.samples),
        "left_out": dict(source.left_out),
        "warnings": [*filter(None, [warning_of(source.classes)])],
        "lookalike_labels": lookalike_labels(source.classes),
        "so_far": TAGS_SO_FAR,
        **votes,
        **({} if note is None else {"begun_anew": note}),
    }


def _keep(
    run: Run,
    source: TagSource,
    settings: Settings,
    counts: Mapping[str, Any],
    weighed: list[str],
    model: TagModel,
    columns: Columns,
    votes: Mapping[str, Any],
) -> None:
    header = {
        "on": "tags",
        "settings": {
            "label_field": settings.label_field,
            "prediction_fields": list(settings.prediction_fields),
            "source": settings.source,
            "journal_votes": settings.journal_votes,
            "seed": settings.seed,
            **source.notes,
        },
        "classes": list(source.classes),
        "kinds": list(KIND_NAMES),
        "counts": dict(counts),
        "assumed": list(source.assumed),
        "weighed": weighed,
        "share_of_errors": model.share,
        "votes": dict(votes),
        "skipped": {"reasons": [[r, n] for r, n in source.skipped.reasons.items()]},
        "left_out": [[reason, count] for reason, count in source.left_out.items()],
    }
    try:
        keep_iteration(run, header, columns)
    except BaseException:
        if last_iteration(run) is None:
            unlist(run)
        raise


def _voted(
    samples: Collection, settings: Settings, columns: Columns, classes: Sequence[str]
) -> VotedTags | None:
    """What models and the journal's votes say together; None where it is not asked for."""
    run = run_so_far(samples, settings)
    return None if run is None else voted_tags(run, columns, classes, settings.seed)


def _chosen(samples: Collection, settings: Settings) -> tuple[Settings, str]:
    """The settings with a source, and what was chosen and why."""
    if settings.source != AUTO:
        return settings, ""
    asked = asked_for(settings)
    return by_images(samples, settings) if asked is None else (replace(settings, source=asked), "")


def _source(samples: Collection, settings: Settings) -> TagSource:
    if settings.source in ("embeddings", "features"):
        from .from_vectors import HeadTags  # imports torch

        return HeadTags(samples, settings)
    if settings.source == "train":
        from .from_training import TrainedTags  # imports torch

        return TrainedTags(samples, settings)
    fields = settings.prediction_fields
    return PredictedTags(samples, settings.label_field, fields, settings.classes)


def _check(samples: Collection, settings: Settings) -> str | None:
    """Check what is given; why the run begins anew, if something of it is there."""
    dataset, key = root_dataset(samples), settings.run_key
    field = settings.label_field
    if settings.warm_start:
        raise InputError("warm_start: a network is trained afresh on tags, out of fold")
    if settings.source == "train" and settings.workers != LOCAL:
        raise InputError("workers: a network is trained on tags by this process alone yet")
    if settings.unlabelled != SKIP:
        raise InputError("unlabelled: it is for fields of Detections")
    if settings.class_scores is not None:
        raise InputError(
            "class_scores: it names an attribute of Detections; name a field of vectors among the "
            "prediction_fields"
        )
    if settings.source == "votes":
        raise InputError("source: tags are not judged by votes alone yet; name another one")
    if settings.vote_fields:
        raise InputError("vote_fields: votes are not taken in on tags yet")
    if settings.cleanlab:
        raise InputError("cleanlab: it is not asked about tags")
    declared = declared_fields(dataset)
    follow_renames(dataset)
    there = key in list_runs(dataset)
    if there:
        check_not_moved(load_run(dataset, key), declared)
    check_run_key(dataset, key, field)
    if there and load_run(dataset, key).iterations():
        raise InputError(
            f"run_key: the run '{key}' is on whole samples, '{field}' was a Classification field "
            "then. Choose another run_key."
        )
    check_not_own(dataset, [field], "label_field")
    check_not_own(dataset, settings.prediction_fields, "prediction_fields")
    check_own_fields(dataset, key, ours=there or key in deleted_keys(dataset))
    check_writable(dataset, [field], declared)
    check_view(samples, [field, *settings.prediction_fields])
    kept = kept_run(dataset, key)
    if kept is not None:
        check_covers_items(samples, kept)
    return begins_anew(dataset, key)


def _learn(source: TagSource, settings: Settings) -> TagModel:
    some = source.some(settings.seed)
    if not some.table.any():
        raise InputError(
            f"No tag of '{settings.label_field}' is on an image that something is said of; the "
            f"most frequent reason: {source.skipped.most_common()}."
        )
    prevalence = source.counts.prevalence(source.classes)
    fold = some.tags.fold
    return learn(some.scores, some.table, fold, prevalence, source.known, settings.seed)


def _weighed(model: TagModel, names: list[str]) -> list[str]:
    """What each model and the other tags count, in a sentence."""
    *each, others = (f"{w:.2f}" for w in model.weights.tolist())
    told = [f"'{name}' {w}" for name, w in zip(names, each, strict=True)]
    return [f"Weights by likelihood of the labels: {', '.join(told)}; the other tags {others}."]
