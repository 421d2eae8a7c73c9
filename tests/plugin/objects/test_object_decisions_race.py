"""Several writers at once, FiftyOne's own annotation among them: nothing is written over."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from bson import ObjectId
from fiftyone.server.app import app
from starlette.testclient import TestClient

from plugin.decisions import steps
from plugin.decisions.journal import applied_headers, entries_of, headers, was_lost
from plugin.decisions.object_changes import KIND_OF
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.objects.resolve import resolve
from plugin.objects.state import items_state
from plugin.store.runs import Run
from plugin.store.samples import samples_of
from tests.plugin.forked import died, fork
from tests.plugin.objects_decided import (
    CLASSES,
    all_raw,
    ids_at,
    label_of,
    labels_at,
    make_objects,
    missing_ids_at,
    sample_at,
)

pytestmark = pytest.mark.slow

BOX = [0.25, 0.125, 0.5, 0.375]


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_objects(images=3, labels=5, missing=2)
    resolve(made, "confirm", ids_at(made, 0)[:1])  # declares the attribute
    undo(made)
    yield made
    steps.reached = lambda step: None
    made.dataset.delete()


@pytest.fixture(scope="module")
def server() -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def patch(server: TestClient, run: Run, document: Any, *changes: tuple[str, Any]) -> int:
    """Annotate a sample as FiftyOne's App does, on the version of it that was read; the status."""
    operations = [{"op": "replace", "path": path, "value": value} for path, value in changes]
    reply = server.patch(
        f"/dataset/{run.dataset._doc.id}/sample/{document['_id']}",
        json=operations,
        headers={
            "Content-Type": "application/json-patch+json",
            "If-Match": f'"{document["last_modified_at"].isoformat()}+00:00"',
        },
    )
    return reply.status_code


def test_annotation_refuses_what_a_decision_has_changed(run: Run, server: TestClient) -> None:
    seen, item = sample_at(run, 0), ids_at(run, 0)[1]
    resolve(run, "relabel", [item], label="wasp")
    assert patch(server, run, seen, ("/gt/detections/1/label", "fly")) == 412
    assert label_of(run, item)["label"] == "wasp"
    assert patch(server, run, sample_at(run, 0), ("/gt/detections/1/label", "fly")) == 200
    assert label_of(run, item)["label"] == "fly"
    assert undo(run).conflicts[0]["reason"] == "relabeled"


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [("label", "fly", "relabeled"), ("bounding_box", BOX, "moved")],
)
@pytest.mark.parametrize("action", ["relabel", "confirm", "remove", "move", "tag"])
def test_a_decision_leaves_alone_what_annotation_has_changed(
    run: Run, server: TestClient, action: str, path: str, value: Any, reason: str
) -> None:
    """The annotator saves between the last look of the decision and its write."""
    changed, fine, *_ = ids_at(run, 0)

    def annotate(step: str) -> None:
        if step == "objects":
            steps.reached = lambda step: None
            assert patch(server, run, sample_at(run, 0), (f"/gt/detections/0/{path}", value)) == 200

    steps.reached = annotate
    made = resolve(
        run,
        action,
        [changed, fine],
        label="wasp" if action == "relabel" else None,
        tag="x" if action == "tag" else None,
    )
    assert (made.applied, made.conflict_count) == (1, 1)
    assert (made.conflicts[0]["label_id"], made.conflicts[0]["reason"]) == (changed, reason)
    assert label_of(run, changed)[path] == value
    assert label_of(run, changed)["tags"] == ["seen"]
    assert items_state(run).standing.keys() == {fine}


def test_what_annotation_draws_meanwhile_stays(run: Run, server: TestClient) -> None:
    """Neither the label that was drawn is lost, nor is the place of one that comes back."""
    ids, drawn = ids_at(run, 0), {**label_of(run, ids_at(run, 1)[0]), "_id": ObjectId()}
    resolve(run, "remove", ids[1:3])

    def draw(step: str) -> None:
        if step == "objects":
            steps.reached = lambda step: None
            seen = sample_at(run, 0)
            value = [*seen["gt"]["detections"], drawn]
            samples_of(run.dataset).update_one(
                {"_id": seen["_id"]},
                {"$set": {"gt.detections": value}, "$currentDate": {"last_modified_at": True}},
            )

    steps.reached = draw
    assert undo(run).applied == 2
    assert ids_at(run, 0) == [*ids, str(drawn["_id"])]


def test_a_save_in_the_very_millisecond_of_the_lock_is_noticed(
    run: Run, server: TestClient
) -> None:
    """What somebody read who saw the decision's own time on a sample is not saved over it."""
    seen: list[Any] = []

    def save(step: str) -> None:
        if step == "objects" and not seen:
            stamp = headers().find_one(run.owner, sort=[("seq", -1)])["stamp"]
            at = {"_id": sample_at(run, 0)["_id"]}
            samples_of(run.dataset).update_one(at, {"$set": {"last_modified_at": stamp}})
            seen.append(sample_at(run, 0))

    steps.reached = save
    item = ids_at(run, 0)[1]
    assert resolve(run, "relabel", [item], label="wasp").applied == 1
    assert patch(server, run, seen[0], ("/gt/detections/1/label", "fly")) == 412
    assert label_of(run, item)["label"] == "wasp"


def test_two_writes_of_a_decision_give_a_sample_two_versions(run: Run) -> None:
    """What somebody read between the two is not saved over the second."""
    resolve(run, "confirm", [ids_at(run, 0)[1], missing_ids_at(run, 0)[0]])
    seen: list[Any] = []
    steps.reached = lambda step: seen.append(sample_at(run, 0)) if step == "objects" else None
    assert undo(run).applied == 2  # a label is changed in place, and a missing object comes back
    assert len(seen) == 2
    versions = {document["last_modified_at"] for document in [*seen, sample_at(run, 0)]}
    assert len(versions) == 3


def decide_at_random(run: Run, items: list[str], seed: int, decisions: int) -> None:
    rng, done = random.Random(seed), 0
    while done < decisions:
        action = rng.choice([*KIND_OF, *["undo"] * 4])
        try:
            if action == "undo":
                query = {**run.owner, "state": "applied"}
                last = list(headers().find(query, {"_id": 1}).sort("seq", -1).limit(5))
                if not last:
                    continue
                made = undo(run, str(rng.choice(last)["_id"]), author=str(seed))
            else:
                made = resolve(
                    run,
                    action,
                    rng.sample(items, rng.randint(1, 5)),
                    label=rng.choice(CLASSES) if action in ("relabel", "add") else None,
                    tag=rng.choice("xyz") if action == "tag" else None,
                    box=BOX if action == "move" and rng.random() < 0.5 else None,
                    author=str(seed),
                )
        except InputError:
            continue  # somebody was quicker, or has decided on its objects since
        done += made.decision is not None


def annotate_at_random(
    server: TestClient, run: Run, pids: list[int], rng: random.Random
) -> dict[str, str]:
    """Write a remark onto labels while others decide; by label the last that was accepted."""
    accepted: dict[str, str] = {}
    refused, number = 0, 0
    while not all(has_ended(pid) for pid in pids) or not accepted:
        seen = sample_at(run, rng.randrange(3))
        labels = seen["gt"]["detections"]
        known = [i for i, label in enumerate(labels) if "annotator" in label]
        if not known:
            continue
        at, number = rng.choice(known), number + 1
        status = patch(server, run, seen, (f"/gt/detections/{at}/annotator", f"remark {number}"))
        assert status in (200, 412)
        refused += status == 412
        if status == 200:
            accepted[str(labels[at]["_id"])] = f"remark {number}"
    return accepted


def has_ended(pid: int) -> bool:
    """Whether a child of this process has ended; it is not waited for."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize(
    ("writers", "decisions"), [(3, 6), pytest.param(8, 6, marks=pytest.mark.slow)]
)
def test_writers_and_an_annotator_lose_nothing(
    run: Run, server: TestClient, writers: int, decisions: int
) -> None:
    start = {str(d["_id"]): d for at in range(3) for d in labels_at(run, at)}
    items = [i for at in range(3) for i in (*ids_at(run, at), *missing_ids_at(run, at))]
    orders = [ids_at(run, at) for at in range(3)]
    missing = [missing_ids_at(run, at) for at in range(3)]
    pids = [
        fork(lambda seed=seed: decide_at_random(run, items, seed, decisions))
        for seed in range(writers)
    ]
    remarks = annotate_at_random(server, run, pids, random.Random(51))
    assert not any(died(pid) for pid in pids)
    assert len(applied_headers(run)) >= writers * decisions
    check_journal(run)
    with pytest.raises(InputError, match="no decision"):
        while True:
            assert undo(run).conflict_count == 0
    assert [ids_at(run, at) for at in range(3)] == orders
    assert [missing_ids_at(run, at) for at in range(3)] == missing
    for item, label in start.items():
        wanted = {**label, "annotator": remarks.get(item, label["annotator"])}
        found = label_of(run, item)
        assert found.get("deconfuse_decision") is None
        assert {k: v for k, v in found.items() if k in wanted} == wanted


def check_journal(run: Run) -> None:
    """Each decision found what the one before it left, and the labels are as the last left them."""
    last: dict[str, tuple[Any, Any]] = {}
    for header in applied_headers(run):
        for entry in entries_of(header["_id"]):
            if was_lost(entry, header):
                continue
            item = str(entry["item_id"])
            before = entry["label_before"], entry["box_before"]
            if item in last and last[item][0] is not None:
                assert before == last[item], "an update was lost"
            last[item] = entry["label_after"], entry["box_after"]
    held = {str(d["_id"]): d for at in range(3) for d in labels_at(run, at)}
    for item, (label, box) in last.items():
        assert (item in held) == (label is not None)
        if label is not None:
            assert (held[item]["label"], held[item]["bounding_box"]) == (label, box)
    assert all_raw(run)
