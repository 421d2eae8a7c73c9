"""Fetching what annotators left on images, and making decisions on objects out of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from ..annotation.backends import explained
from ..annotation.fetch import UNNAMED, checked_options, opened_results
from ..annotation.store import Annotation
from ..decisions.journal import ITEM, chunked, entries_of, headers, heads, was_lost
from ..decisions.object_changes import box_of, by_id, class_of, labels_in
from ..decisions.recovery import recover_abandoned
from ..objects.request import ObjectRequest, Told
from ..objects.resolve import make_decision
from ..progress import Report, silent
from ..store.jobs import Job
from ..store.runs import Run
from ..store.samples import samples_of
from .acts import Act, AnsweredImage, Fetched, Seen
from .answers import ImageAnswer, image_answers
from .regions import Understood, shared, understood
from .sent import SentObject, kept_objects

COUNTED = {
    "relabel": "relabeled",
    "confirm": "confirmed",
    "remove": "removed",
    "add": "added",
    "move": "moved",
}
ORDER = tuple(COUNTED)


def fetch_objects(
    run: Run,
    annotation: Annotation,
    options: Mapping[str, Any] | None = None,
    report: Report = silent,
) -> dict[str, Any]:
    """Fetch the answers of one annotation run on objects and decide as the annotators did.

    A label whose class was changed is relabelled, one whose box was changed is moved, one that is
    gone is removed, a new box is added, and one that was asked about and left as it was is
    confirmed. Missing objects that were sent are added where they stayed, dismissed where they are
    gone. What was changed or decided here since is left alone and reported.

    Args:
        run: the run
        annotation: which annotation run
        options: credentials
        report: told how far it is

    Returns:
        as ``annotation.fetch.fetch_annotation``; ``sent``, ``answered`` and ``unanswered`` count
        images, ``objects`` how many boxes were sent, and ``removed``, ``added`` and ``moved`` come
        beside ``relabeled`` and ``confirmed``

    Raises:
        InputError: if the backend cannot be reached or refuses
    """
    options = checked_options(options)
    with Job(run.dataset, run.key, "Fetching annotations", report) as job:
        job(0.1, "Reading the answers")
        results = opened_results(run, annotation, options)
        with explained(annotation.backend, results.config.url):
            given = list(image_answers(annotation, results))
        recover_abandoned(run)
        job(0.6, "Deciding")
        fetched, answered = _decide(run, annotation, given)
    return {
        "run_key": run.key,
        "annotation": annotation.key,
        "backend": annotation.backend,
        "sent": annotation.samples,
        "objects": annotation.objects,
        "answered": answered,
        "unanswered": annotation.samples - answered,
        "applied": fetched.made.total(),
        **{name: fetched.made[name] for name in COUNTED.values()},
        **{n: getattr(fetched, n) for n in ("already", "conflict_count", "conflicts", "decisions")},
        "annotators": dict(fetched.annotators),
    }


def _decide(run: Run, annotation: Annotation, given: Sequence[ImageAnswer]) -> tuple[Fetched, int]:
    sent: dict[str, list[SentObject]] = defaultdict(list)
    for one in kept_objects(run, annotation.key):
        sent[str(one.sample_id)].append(one)
    by_image: dict[str, list[ImageAnswer]] = defaultdict(list)
    for answer in given:
        if answer.sample_id in sent:
            by_image[answer.sample_id].append(answer)
    fetched = Fetched()
    known = set(annotation.classes)
    before, items = _made_before(run, annotation.key)
    acts: list[Act] = []
    for part in chunked(list(by_image)):
        candidates = _missing_now(run, part)
        for sample in part:
            said = _settled(sample, sent[sample], by_image[sample], fetched)
            if said is not None:
                names = sorted({a.annotator for a in by_image[sample] if a.annotator})
                author = ", ".join(names) or UNNAMED
                fetched.annotators.update([author])
                image = AnsweredImage(
                    annotation.key, sample, sent[sample], candidates.get(sample, {}), items
                )
                acts += image.acts(said, author, before, known, fetched)
    _make(run, annotation, _not_decided_since(run, acts, fetched), fetched)
    return fetched, len(by_image)


def _settled(
    sample: str, sent: Sequence[SentObject], answers: Sequence[ImageAnswer], fetched: Fetched
) -> Understood | None:
    """What was said of an image; None where nothing can be made of it."""
    boxes = {str(o.item_id): (o.label, o.box or []) for o in sent if o.item_id is not None}
    usable: list[Understood] = []
    for answer in answers:
        one = understood(boxes, answer.regions)
        if boxes and not one.recognised and not answer.began_with_boxes:
            who = answer.annotator or "somebody"
            fetched.refuse([{"sample_id": sample, "reason": "not_seen", "annotator": who}])
        else:
            usable.append(one)
    if not usable:
        return None
    said, split, alone = shared(usable)
    fetched.refuse(
        {"sample_id": sample, "label_id": i, "reason": "annotators_disagree"} for i in split
    )
    fetched.refuse({"sample_id": sample, "reason": "annotators_disagree"} for _ in range(alone))
    return said


def _missing_now(
    run: Run, samples: Sequence[str]
) -> dict[str, dict[str, tuple[str | None, list[float]]]]:
    """The missing objects that images have now, by their ids."""
    name = run.field("missing")
    query = {"_id": {"$in": [ObjectId(i) for i in samples]}}
    return {
        str(d["_id"]): {
            str(i): (class_of(one), box_of(one)) for i, one in by_id(labels_in(d, name)).items()
        }
        for d in samples_of(run.dataset).find(query, {name: 1})
    }


def _made_before(run: Run, key: str) -> tuple[dict[str, Seen], dict[str, str]]:
    """How each object was left by the last decision that was made of an answer on it.

    And by what ``new_item`` calls a box that annotators added, the object that it became.
    """
    query = {**run.owner, "basis.annotation": key, "state": "applied"}
    found: dict[str, Seen] = {}
    items: dict[str, str] = {}
    keep = {ITEM: 1, "origin_item": 1, "label_after": 1, "box_after": 1, "lost": 1}
    for header in headers().find(query).sort("seq", 1):
        for entry in entries_of(header["_id"], keep):
            if not was_lost(entry, header):
                made = Seen(entry["label_after"], entry["box_after"], header["_id"])
                found[str(entry[ITEM])] = made
                items[str(entry.get("origin_item", entry[ITEM]))] = str(entry[ITEM])
    return found, items


def _not_decided_since(run: Run, acts: Sequence[Act], fetched: Fetched) -> list[Act]:
    """Those on which the same decision stands as when they were sent, or none."""
    left: list[Act] = []
    refused: set[str] = set()
    for part in chunked(acts):
        standing = heads(run, [ObjectId(act.item_id) for act in part], ITEM)
        for act in part:
            head = standing.get(ObjectId(act.item_id))
            if (head["top_after"] if head else None) == act.seen.decision:
                left.append(act)
            elif act.item_id not in refused:
                refused.add(act.item_id)
                about = {"sample_id": act.sample_id, "label_id": act.item_id, "reason": "decided"}
                found = {"found": head["kind_after"] if head else None, "answer": act.action}
                fetched.refuse([{**about, **found}])
    return left


def _make(run: Run, annotation: Annotation, acts: Sequence[Act], fetched: Fetched) -> None:
    """One decision for each annotator, action and class; changes of class before those of place."""
    groups: dict[tuple[int, str, str], list[Act]] = defaultdict(list)
    for act in acts:
        label = (act.label or "") if act.action == "relabel" else ""
        groups[ORDER.index(act.action), act.author, label].append(act)
    for (at, author, label), group in sorted(groups.items()):
        made = make_decision(
            run,
            _request(ORDER[at], label or None, group),
            note=f"{annotation.key}, {annotation.backend}",
            author=author,
            basis={"annotation": annotation.key},
        )
        if made.decision is not None:
            fetched.decisions.append(made.decision)
        fetched.made[COUNTED[ORDER[at]]] += made.applied
        fetched.refuse(made.conflicts, made.conflict_count)


def _request(action: str, label: str | None, group: Sequence[Act]) -> ObjectRequest:
    seen = {act.item_id: act.seen for act in group}
    request = ObjectRequest.checked(
        action, list(seen), label, None, None, {i: one.label for i, one in seen.items()}, None
    )
    boxes = {act.item_id: act.box for act in group}
    told = {
        act.item_id: Told(ObjectId(act.sample_id), act.seen.box or act.box, act.label)
        for act in group
        if action == "add"
    }
    return request.of_a_file(
        labels={act.item_id: act.label for act in group if action == "add"},
        boxes=boxes if action in ("add", "move") else {},
        told=told,
        origins={act.item_id: act.origin for act in group},
    ).expecting({i: one.box or boxes.get(i) for i, one in seen.items()})
