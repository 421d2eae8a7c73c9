"""Fetching what annotators said, and making decisions out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from bson import ObjectId

from ..decisions.journal import chunked, entries_of, headers, heads, was_lost
from ..decisions.new_classes import looks_like
from ..decisions.recovery import recover_abandoned
from ..decisions.resolution import CONFLICTS_SHOWN
from ..decisions.resolve import resolve
from ..errors import InputError
from ..progress import Report, silent
from ..store.jobs import Job
from ..store.runs import Run
from .answers import Answer, settled
from .backends import CREDENTIALS, check_backend, explained
from .credentials import credentials
from .store import Annotation, Sent, load_annotation, sent_samples

UNNAMED = "annotator"


@dataclass
class Fetched:
    """What became of the answers.

    Attributes:
        applied: samples on which a decision was made now
        already: samples whose answer an earlier fetch has made a decision of
        conflict_count: answers that no decision was made of
        conflicts: the first of them, each ``{sample_id, reason, ...}``
    """

    answered: int = 0
    relabeled: int = 0
    confirmed: int = 0
    already: int = 0
    conflict_count: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    annotators: Counter[str] = field(default_factory=Counter)

    def refuse(self, found: Iterable[Mapping[str, Any]], count: int | None = None) -> None:
        """Note answers that no decision was made of."""
        told = [dict(conflict) for conflict in found]
        self.conflict_count += len(told) if count is None else count
        self.conflicts = [*self.conflicts, *told][:CONFLICTS_SHOWN]


def fetch_annotation(
    run: Run,
    key: str | None = None,
    options: Mapping[str, Any] | None = None,
    report: Report = silent,
) -> dict[str, Any]:
    """Fetch the answers of one annotation run and decide as the annotators did.

    A sample is relabelled where the answer is another label than the one that it was sent with, and
    confirmed where it is the same. It is left alone, and reported, where it was relabelled, decided
    on or removed since it was sent. Samples without an answer stay as they are. Fetching again does
    nothing to samples whose answer is still the same, and follows an annotator who changed it.

    Args:
        run: the run
        key: which annotation run, by default the run's last
        options: credentials, as for sending
        report: told how far it is

    Returns:
        ``run_key``, ``annotation``, ``backend``, ``sent``, ``answered``, ``unanswered``,
        ``applied``, ``relabeled``, ``confirmed``, ``already``, ``conflict_count``, ``conflicts``,
        ``decisions`` (their ids) and ``annotators`` (answers of each)

    Raises:
        InputError: if nothing was sent, or the backend cannot be reached or refuses
    """
    options = checked_options(options)
    annotation = load_annotation(run, key)
    with Job(run.dataset, run.key, "Fetching annotations", report) as job:
        job(0.1, "Reading the answers")
        results = opened_results(run, annotation, options)
        with explained(annotation.backend, results.config.url):
            given = list(_answers(annotation, results))
        recover_abandoned(run)
        job(0.6, "Deciding")
        fetched = _decide(run, annotation, given)
    return {
        "run_key": run.key,
        "annotation": annotation.key,
        "backend": annotation.backend,
        "sent": annotation.samples,
        "answered": fetched.answered,
        "unanswered": annotation.samples - fetched.answered,
        "applied": fetched.relabeled + fetched.confirmed,
        **{n: getattr(fetched, n) for n in ("relabeled", "confirmed", "already")},
        **{n: getattr(fetched, n) for n in ("conflict_count", "conflicts", "decisions")},
        "annotators": dict(fetched.annotators),
    }


def checked_options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Credentials that were given; InputError where an option is none."""
    given = {k: v for k, v in (options or {}).items() if v not in (None, "")}
    unknown = sorted(set(given) - set(CREDENTIALS))
    if unknown:
        raise InputError(
            f"unknown option '{unknown[0]}'; to fetch, the options are {', '.join(CREDENTIALS)}"
        )
    return given


def opened_results(run: Run, annotation: Annotation, options: Mapping[str, Any]) -> Any:
    """FiftyOne's results of an annotation run, signed in with credentials for its server.

    Raises:
        InputError: if they are not there, or the server cannot be reached or refuses
    """
    if annotation.key not in run.dataset.list_annotation_runs():
        raise InputError(
            f"annotation: FiftyOne's annotation run '{annotation.key}' was deleted from dataset "
            f"'{run.dataset.name}', so that its results cannot be fetched"
        )
    config = run.dataset.get_annotation_info(annotation.key).config
    needed = {"url": getattr(config, "url", None), **options}
    kind = check_backend(annotation.backend, needed)
    given = credentials(annotation.backend, kind.title, kind.needs, needed)
    told = {option: value for option, value in given.items() if value is not None}
    with explained(annotation.backend, given["url"]):
        results = run.dataset.load_annotation_results(annotation.key, cache=False, **told)
        for option in given.keys() - told.keys():  # FiftyOne fills in all that is configured
            if hasattr(results.config, option):
                setattr(results.config, option, None)
        _connect(annotation.backend, results)
    return results


def _connect(backend: str, results: Any) -> None:
    """Sign in, by an API that stays with its server where there is one."""
    if backend == "labelbox":
        results.connect_to_api()
    elif backend == "cvat":
        from . import cvat

        results.backend.use_api(cvat.connected(results.config))
    else:
        from . import label_studio

        results.backend.use_api(label_studio.connected(results.config))


def _answers(annotation: Annotation, results: Any) -> Iterable[Answer]:
    if annotation.backend == "labelstudio":
        from . import label_studio

        return label_studio.answers(results)
    from . import downloads

    return downloads.answers(results, annotation)


def _decide(run: Run, annotation: Annotation, given: Sequence[Answer]) -> Fetched:
    sent = {str(s.sample_id): s for s in sent_samples(run, annotation.key)}
    fetched = Fetched(answered=len({a.sample_id for a in given if a.sample_id in sent}))
    good, bad = settled((a for a in given if a.sample_id in sent), annotation.classes)
    said = {a.sample_id: a.labels[0] for a in given if a.labels}
    for i, (reason, told) in bad.items():
        like = meant_class(said[i], annotation.classes) if reason == "unknown_label" else {}
        fetched.refuse([{"sample_id": i, "reason": reason, "answers": told, **like}])
    fetched.annotators.update(a.annotator for a in good.values() if a.annotator)
    before = _made_before(run, annotation.key)
    new = []
    for answer in good.values():
        earlier = before.get(answer.sample_id)
        if earlier is not None and earlier.label == answer.labels[0]:
            fetched.already += 1
        else:
            new.append((answer, earlier or sent[answer.sample_id]))
    open_ = _not_decided_since(run, new, fetched)
    groups = sorted(open_, key=_kind)
    for (author, label, same), group in groupby(groups, key=_kind):
        _resolve_group(run, annotation, author, label, same, list(group), fetched)
    return fetched


def meant_class(answer: str | None, classes: Sequence[str]) -> dict[str, str]:
    """``{"meant": class}`` where an answer is no class that was sent, and looks like one."""
    near = looks_like(answer, classes) if answer else None
    return {} if near is None else {"meant": near}


def _kind(pair: tuple[Answer, Sent]) -> tuple[str, str, bool]:
    answer, seen = pair
    same = answer.labels[0] == seen.label
    return answer.annotator or UNNAMED, "" if same else answer.labels[0], same


def _resolve_group(
    run: Run,
    annotation: Annotation,
    author: str,
    label: str,
    same: bool,
    group: list[tuple[Answer, Sent]],
    fetched: Fetched,
) -> None:
    made = resolve(
        run,
        "confirm" if same else "relabel",
        [answer.sample_id for answer, _ in group],
        label=None if same else label,
        expected_label={answer.sample_id: seen.label for answer, seen in group},
        note=f"{annotation.key}, {annotation.backend}",
        author=author,
        basis={"annotation": annotation.key},
    )
    if made.decision is not None:
        fetched.decisions.append(made.decision)
    if same:
        fetched.confirmed += made.applied
    else:
        fetched.relabeled += made.applied
    fetched.refuse(made.conflicts, made.conflict_count)


def _made_before(run: Run, key: str) -> dict[str, Sent]:
    """The last answer of each sample that a decision was made of, and that decision."""
    query = {**run.owner, "basis.annotation": key, "state": "applied"}
    found: dict[str, Sent] = {}
    for header in headers().find(query).sort("seq", 1):
        keep = {"sample_id": 1, "label_after": 1, "lost": 1}
        for entry in entries_of(header["_id"], keep):
            if not was_lost(entry, header):
                made = Sent(entry["sample_id"], entry["label_after"], header["_id"])
                found[str(entry["sample_id"])] = made
    return found


def _not_decided_since(
    run: Run, new: Sequence[tuple[Answer, Sent]], fetched: Fetched
) -> list[tuple[Answer, Sent]]:
    """Those on which the same decision stands as when they were sent, or none."""
    left: list[tuple[Answer, Sent]] = []
    for part in chunked(new):
        standing: dict[ObjectId, Any] = heads(run, [seen.sample_id for _, seen in part])
        for answer, seen in part:
            head = standing.get(seen.sample_id)
            if (head["top_after"] if head else None) == seen.decision:
                left.append((answer, seen))
                continue
            fetched.refuse(
                [
                    {
                        "sample_id": answer.sample_id,
                        "reason": "decided",
                        "expected": seen.label,
                        "found": head["kind_after"] if head else None,
                        "answer": answer.labels[0],
                    }
                ]
            )
    return left
