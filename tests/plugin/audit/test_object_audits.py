"""Audits of objects on a real database: labels, candidates and whole images, judged and undone."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bson import ObjectId

from plugin.audit import verdicts as reading
from plugin.audit.audits import end_audit
from plugin.audit.draw_objects import draw_object_audit, lacking
from plugin.audit.object_audits import (
    MISSING,
    OF_LABELS,
    PLACEMENT,
    SPURIOUS,
    OpenedObjectAudit,
    open_object_audit,
)
from plugin.audit.object_judging import Seen, judge_image, judge_item, take_back
from plugin.audit.object_verdicts import NOTHING, judge_all
from plugin.audit.store import AUDITS
from plugin.audit.target import choose_target, read_object_target
from plugin.decisions.journal import applied_headers
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.objects.iteration import object_iteration
from plugin.objects.resolve import resolve
from plugin.objects.state import items_state
from plugin.store.database import collection_of
from plugin.store.iterations import unpack_ids
from plugin.store.runs import Run, delete_run
from plugin.store.samples import samples_of
from tests.plugin.objects_decided import CLASSES, C, all_raw, label_of, make_objects, reset

pytestmark = pytest.mark.slow

IMAGES, LABELS, CANDIDATES = 30, 4, 2
FREE = [0.8, 0.8, 0.1, 0.1]
"""A place where no label and no candidate is."""


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[Run, dict[str, bytes]]]:
    run = make_objects(IMAGES, LABELS, CANDIDATES)
    yield run, all_raw(run, whole=True)
    delete_run(run)
    run.dataset.delete()


@pytest.fixture
def run(made: tuple[Run, dict[str, bytes]]) -> Iterator[Run]:
    """The run without audits and decisions."""
    run, documents = made
    yield run
    if applied_headers(run):
        reset(run, documents)
    for name in (AUDITS, "deconfuse.verdicts", "deconfuse.targets"):
        collection_of(name).delete_many(run.owner)


def reopened(audit: OpenedObjectAudit) -> OpenedObjectAudit:
    found = open_object_audit(audit.run, str(audit.record.id))
    assert found is not None
    return found


def items_of(audit: OpenedObjectAudit) -> list[str]:
    return unpack_ids(audit.record.item_id)


def places(audit: OpenedObjectAudit, *, candidates: bool) -> list[int]:
    return np.flatnonzero(audit.is_candidate[audit.record.row] == candidates).tolist()


def truth_of(run: Run, seed: int = 0) -> dict[str, Any]:
    """What a person sees at each item: its class, another one, another outline, or nothing."""
    iteration, g = object_iteration(run), np.random.default_rng(seed)
    label = iteration.column("label").tolist()
    seen: dict[str, Any] = {}
    for item, index in zip(unpack_ids(iteration.column("item_id")), label, strict=True):
        lot = g.random()
        if index == C:
            seen[item] = CLASSES[0] if lot < 0.3 else NOTHING
        elif lot < 0.1:
            seen[item] = CLASSES[(index + 1) % C]
        elif lot < 0.2:
            seen[item] = NOTHING
        elif lot < 0.25:
            seen[item] = {"label": CLASSES[index], "box": FREE}
        else:
            seen[item] = CLASSES[index]
    return seen


def errors(run: Run, truth: dict[str, Any]) -> dict[str, int]:
    """How many open items are wrong, by kind."""
    state = items_state(run)
    count = dict.fromkeys((*OF_LABELS, "missing"), 0)
    ids = unpack_ids(state.items.column("item_id"))
    for row in np.flatnonzero(state.kind == 0).tolist():
        seen, label = truth[ids[row]], int(state.items.column("label")[row])
        if label == C:
            count["missing"] += seen != NOTHING
        elif isinstance(seen, dict):
            count["placement"] += 1
        else:
            count["spurious"] += seen == NOTHING
            count["class"] += seen not in (NOTHING, CLASSES[label])
    return count


def test_an_audit_draws_items_of_both_sorts_and_images(run: Run) -> None:
    state = items_state(run)
    ids = unpack_ids(state.items.column("item_id"))
    resolve(run, "confirm", ids[:7])
    audit = draw_object_audit(run, 60, 10, seed=5, author="ann")
    record = audit.record
    assert (record.number, record.seed, record.drawn_by) == (1, 5, "ann")
    assert record.draw.population.sum() == IMAGES * (LABELS + CANDIDATES) - 7
    assert set(items_of(audit)).isdisjoint(ids[:7])
    assert [ids[row] for row in record.row.tolist()] == items_of(audit)
    assert places(audit, candidates=True)
    assert places(audit, candidates=False)
    assert set(unpack_ids(record.image_id)) <= set(object_iteration(run).images)
    assert len(set(unpack_ids(record.image_id))) == 10
    assert record.image_draw is not None
    assert record.image_draw.population.sum() == IMAGES
    assert audit.waiting.tolist() == list(range(70))
    with pytest.raises(InputError, match="still waits for 70 verdicts"):
        draw_object_audit(run, 10, 0)
    end_audit(audit)
    assert reopened(audit).status == "closed"
    second = draw_object_audit(run, 20, 0)
    assert (second.record.number, second.record.places) == (2, 20)
    assert second.without_candidate() is None


def test_images_with_probable_candidates_are_looked_at_more_often(run: Run) -> None:
    iteration = object_iteration(run)
    open_rows = np.ones(iteration.samples, bool)
    odds = lacking(iteration, open_rows)
    expected = []
    label, sample = iteration.column("label"), iteration.column("sample_id")
    for image in iteration.column("image_id"):
        rows = (label == C) & (sample == image)
        none = iteration.column("p_label")[rows].astype(float).prod() * np.exp(-0.005)
        expected.append(np.log((1 - none) / none))
    assert odds == pytest.approx(np.array(expected), rel=1e-4)
    assert np.isfinite(lacking(iteration, ~open_rows)).all()


def test_each_verdict_on_a_label_is_the_decision_that_it_means(run: Run) -> None:
    audit = draw_object_audit(run, 60, 0, seed=1)
    ids = items_of(audit)
    right, other, gone, moved, both, unclear = places(audit, candidates=False)[:6]
    now = {at: label_of(run, ids[at]) for at in (right, other, gone, moved, both, unclear)}
    another = CLASSES[(CLASSES.index(now[other]["label"]) + 1) % C]
    second = CLASSES[(CLASSES.index(now[both]["label"]) + 1) % C]
    acts = [
        judge_item(audit, right, Seen(now[right]["label"]), author="ann"),
        judge_item(audit, other, Seen(another)),
        judge_item(audit, gone, Seen()),
        judge_item(audit, moved, Seen(now[moved]["label"], FREE)),
        judge_item(audit, both, Seen(second, FREE)),
        judge_item(audit, unclear, Seen(unclear=True)),
    ]
    assert [[one.action for one in made] for made in acts if made] == [
        ["confirm"],
        ["relabel"],
        ["remove"],
        ["move"],
        ["move", "relabel"],
        ["tag"],
    ]
    bases = {str(one.basis["audit"]) for made in acts if made for one in made if one.basis}
    assert bases == {str(audit.record.id)}
    verdict = reopened(audit).item_verdict
    assert verdict[[right, other, gone, moved, both, unclear]].tolist() == [
        reading.RIGHT,
        reading.WRONG,
        SPURIOUS,
        PLACEMENT,
        reading.WRONG,
        reading.UNCLEAR,
    ]
    assert label_of(run, ids[other])["label"] == another
    assert label_of(run, ids[moved])["bounding_box"] == FREE
    assert label_of(run, ids[both])["label"] == second
    assert label_of(run, ids[both])["bounding_box"] == FREE
    assert label_of(run, ids[unclear])["tags"] == ["seen", "unclear"]
    with pytest.raises(InputError, match="judged already"):
        judge_item(reopened(audit), right, Seen("ant"))
    for place in (right, other, gone, moved, both, unclear):
        assert take_back(reopened(audit), place) == (2 if place == both else 1)
        assert reopened(audit).item_verdict[place] == reading.WAITING
    assert {at: label_of(run, ids[at]) for at in now} == now
    with pytest.raises(InputError, match="No verdict of this audit"):
        take_back(reopened(audit), right)


def test_a_candidate_is_added_dismissed_or_unclear(run: Run) -> None:
    audit = draw_object_audit(run, 100, 0, seed=2)
    ids = items_of(audit)
    there, off, nothing, unclear = places(audit, candidates=True)[:4]
    acts = [
        judge_item(audit, there, Seen("cat")),
        judge_item(audit, off, Seen("bee", FREE)),
        judge_item(audit, nothing, Seen()),
        judge_item(audit, unclear, Seen(unclear=True)),
    ]
    assert [[one.action for one in made] for made in acts if made is not None] == [
        ["add"],
        ["add"],
        ["confirm"],
        [],
    ]
    verdict = reopened(audit).item_verdict
    assert verdict[[there, off, nothing, unclear]].tolist() == [
        MISSING,
        MISSING,
        reading.RIGHT,
        reading.UNCLEAR,
    ]
    assert label_of(run, ids[there])["label"] == "cat"
    assert label_of(run, ids[off])["bounding_box"] == FREE
    with pytest.raises(InputError, match="judged already"):
        judge_item(reopened(audit), unclear, Seen("ant"))
    for place in (there, off, nothing, unclear):
        take_back(reopened(audit), place)
        assert reopened(audit).item_verdict[place] == reading.WAITING


def test_a_look_at_an_image_finds_candidates_and_what_is_none(run: Run) -> None:
    audit = draw_object_audit(run, 20, 12, seed=3)
    first = len(audit.record.row)
    image = unpack_ids(audit.record.image_id[:1])[0]
    iteration = audit.iteration
    rows = np.flatnonzero(iteration.column("sample_id") == audit.record.image_id[0])
    rows = rows[audit.is_candidate[rows]]
    candidate = unpack_ids(iteration.column("item_id")[rows[:1]])[0]
    box = iteration.column("box")[rows[0]].tolist()
    made = judge_image(audit, first, [("ant", FREE), ("bee", box)], author="ann")
    assert made is not None
    assert [(one.action, one.applied) for one in made] == [("add", 2)]
    now = reopened(audit)
    assert now.image_verdict[0] == reading.RIGHT
    assert now.missed.tolist() == [1, *[0] * 11]
    assert label_of(run, candidate)["label"] == "bee"
    row = int(iteration.rows_of([candidate])[0])
    assert now._row_verdict[row] == MISSING
    labels = samples_of(run.dataset).find_one({"_id": ObjectId(image)})["gt"]["detections"]
    assert [d["label"] for d in labels if d["bounding_box"] == FREE] == ["ant"]
    assert judge_image(now, first + 1, []) == []
    assert judge_image(now, first + 2, None) == []
    now = reopened(audit)
    assert now.image_verdict[:4].tolist() == [
        reading.RIGHT,
        reading.RIGHT,
        reading.UNCLEAR,
        reading.WAITING,
    ]
    with pytest.raises(InputError, match="judged already"):
        judge_image(now, first, [])
    undo(run)  # from anywhere: its objects are gone, so the image waits again
    assert reopened(audit).image_verdict[0] == reading.WAITING
    assert judge_image(reopened(audit), first, []) == []
    for place in (first, first + 1, first + 2):
        assert take_back(reopened(audit), place) == 0
    assert (reopened(audit).image_verdict == reading.WAITING).all()


def test_all_verdicts_give_estimates_by_kind_that_hold_the_truth(run: Run) -> None:
    truth = truth_of(run)
    before = errors(run, truth)
    audit = draw_object_audit(run, 100, 15, seed=4)
    assert audit.of_labels() is None
    assert audit.without_candidate() is None
    judge_all(audit, {item: truth[item] for item in items_of(audit)})
    now = reopened(audit)
    assert now.status == "open", "the images wait"
    after = errors(run, truth)
    known = {name: now.of_labels(name) for name in OF_LABELS} | {"missing": now.of_candidates()}
    for name, found in known.items():
        assert found is not None
        assert found.at_draw.low - 1e-6 <= before[name] <= found.at_draw.high + 1e-6, name
        assert found.left.low - 1e-6 <= after[name] <= found.left.high + 1e-6, name
        assert found.left.point == pytest.approx(
            max(0, found.at_draw.point - (before[name] - after[name]))
        )
    whole = now.of_labels()
    assert whole is not None
    of_labels = [
        found.at_draw.point for name, found in known.items() if found and name != "missing"
    ]
    assert whole.at_draw.point == pytest.approx(sum(of_labels))
    rows = {part.label for part in now.parts() if part.prediction is None}
    assert rows == set(range(C + 1))
    images = unpack_ids(now.record.image_id)
    looks: dict[str, Any] = {image: [] for image in images}
    looks[images[0]] = looks[images[1]] = [{"label": "ant", "box": FREE}]
    judge_all(now, looks)
    done = reopened(audit)
    assert done.status == "done"
    others = done.without_candidate()
    assert others is not None
    drawn = done.record.image_draw
    assert drawn is not None
    count = np.bincount(drawn.stratum, done.missed, len(drawn.population))
    point = (count / np.bincount(drawn.stratum) * drawn.population).sum()
    assert others.at_draw.point == pytest.approx(point)
    assert others.left.point == pytest.approx(point - 2)


def test_a_census_is_exact(run: Run) -> None:
    truth = truth_of(run, seed=3)
    before = errors(run, truth)
    audit = draw_object_audit(run, 10_000, 10_000, seed=3)
    judge_all(audit, {item: truth[item] for item in items_of(audit)})
    judge_all(reopened(audit), {key: [] for key in unpack_ids(audit.record.image_id)})
    done = reopened(audit)
    for name in OF_LABELS:
        found = done.of_labels(name)
        assert found is not None
        assert found.at_draw == reading.Interval(*[float(before[name])] * 3)
        assert found.left == reading.Interval(0.0, 0.0, 0.0)
    missing, others = done.of_candidates(), done.without_candidate()
    assert missing is not None
    assert others is not None
    assert missing.at_draw.point == before["missing"]
    assert others.at_draw == reading.Interval(0.0, 0.0, 0.0)
    with pytest.raises(InputError, match="no open object"):
        draw_object_audit(run, 10, 10)


def test_review_in_between_counts_as_verdicts_and_what_is_gone_waits_for_nobody(run: Run) -> None:
    audit = draw_object_audit(run, 60, 5, seed=6)
    ids, labels = items_of(audit), places(audit, candidates=False)
    resolve(run, "confirm", [ids[labels[0]]])
    resolve(run, "remove", [ids[labels[1]]])
    label = label_of(run, ids[labels[2]])
    samples_of(run.dataset).update_one(
        {"gt.detections._id": label["_id"]}, {"$pull": {"gt.detections": {"_id": label["_id"]}}}
    )
    image = unpack_ids(audit.record.image_id[:1])[0]
    document = samples_of(run.dataset).find_one_and_delete({"_id": ObjectId(image)})
    now = reopened(audit)
    assert now.item_verdict[labels[:3]].tolist() == [reading.RIGHT, SPURIOUS, reading.GONE]
    assert now.image_verdict[0] == reading.GONE
    assert judge_item(now, labels[2], Seen("ant")) is None
    assert judge_image(now, len(ids), []) is None
    samples_of(run.dataset).insert_one(document)


def test_a_label_changed_outside_is_judged_as_it_is_now(run: Run) -> None:
    audit = draw_object_audit(run, 60, 0, seed=1)
    place = places(audit, candidates=False)[0]
    item = items_of(audit)[place]
    samples_of(run.dataset).update_one(
        {"gt.detections._id": ObjectId(item)}, {"$set": {"gt.detections.$.label": "cat"}}
    )
    made = judge_item(audit, place, Seen("cat"))
    assert made is not None
    assert [one.action for one in made] == ["confirm"]


def test_a_verdict_that_only_looks_like_a_class_is_none(run: Run) -> None:
    audit = draw_object_audit(run, 30, 5, seed=1)
    item, image = items_of(audit)[0], unpack_ids(audit.record.image_id)[0]
    bad: list[tuple[dict[str, Any], str]] = [
        ({item: "Ant"}, "'ant'"),
        ({item: {"label": "ant ", "box": FREE}}, "'ant'"),
        ({item: "(Nothing there)"}, r"'\(nothing there\)'"),
        ({item: "ant", image: [{"label": "bee\u200b", "box": FREE}]}, "'bee'"),
    ]
    for verdicts, near in bad:
        with pytest.raises(InputError, match=rf"^the verdict on .*Did you mean {near}\?"):
            judge_all(audit, verdicts)
    assert len(reopened(audit).waiting) == 35
    judge_all(audit, {image: [{"label": "bee\u200b", "box": FREE}]}, new_class=True)
    assert samples_of(run.dataset).find_one({"gt.detections.label": "bee\u200b"}) is not None


def test_bad_verdicts_change_nothing(run: Run) -> None:
    audit = draw_object_audit(run, 30, 5, seed=1)
    item, image = items_of(audit)[0], unpack_ids(audit.record.image_id)[0]
    other = items_of(audit)[1]
    bad: list[Any] = [
        {item: 7},
        {item: {"box": FREE}},
        {item: {"label": NOTHING, "box": FREE}},
        {other: "ant", "no id": "ant"},
        {other: "ant", image: "nothing"},
        {other: "ant", image: [{"label": "ant"}]},
        ["ant"],
    ]
    for verdicts in bad:
        with pytest.raises(InputError):
            judge_all(audit, verdicts)
    for place in (-1, 35, "0", True):
        with pytest.raises(InputError, match="place must lie"):
            judge_item(audit, place, Seen("ant"))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is a whole image"):
        judge_item(audit, 30, Seen("ant"))
    with pytest.raises(InputError, match="is an object"):
        judge_image(audit, 0, [])
    for label, box in (("ant", [0, 0, 0, 1]), ("ant", [2, 2, 1, 1]), ("", FREE), ("ant", "box")):
        with pytest.raises(InputError):
            judge_image(audit, 30, [(label, box)])  # type: ignore[list-item]
    with pytest.raises(InputError, match="box"):
        judge_item(audit, places(audit, candidates=False)[0], Seen("ant", [0.5, 0.5, 2, 0]))
    with pytest.raises(InputError, match="must not be empty"):
        judge_item(audit, 0, Seen(""))
    assert reopened(audit).waiting.tolist() == list(range(35))
    assert applied_headers(run) == []


@pytest.mark.parametrize(("size", "images"), [(0, 5), (20_001, 5), (True, 5), (5, -1), (5, 2.5)])
def test_impossible_sizes_are_refused(run: Run, size: Any, images: Any) -> None:
    with pytest.raises(InputError, match="must be a whole number"):
        draw_object_audit(run, size, images)
    assert open_object_audit(run) is None


def test_the_target_counts_labels_and_candidates(run: Run) -> None:
    truth = truth_of(run)
    start = read_object_target(run).distance
    assert (start.most_left, start.found) == (IMAGES * (LABELS + CANDIDATES), 0)
    choose_target(run, 0.5, 0.9)
    audit = draw_object_audit(run, 100, 2, seed=3)
    judge_all(audit, {item: truth[item] for item in items_of(audit)})
    images = unpack_ids(audit.record.image_id)
    judge_all(reopened(audit), {images[0]: [{"label": "ant", "box": FREE}], images[1]: []})
    target = read_object_target(run)
    bound = reopened(audit).reading.bound(0.1 / 2)
    assert bound is not None
    wrong = [k in (*OF_LABELS.values(), MISSING) for k in reopened(audit).item_verdict.tolist()]
    assert target.distance.found == sum(wrong), "without what is no candidate"
    assert target.distance.most_left == int(bound)
    assert target.distance.most_left >= sum(errors(run, truth).values())
