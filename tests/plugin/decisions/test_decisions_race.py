"""Several writers at once: no update lost, none applied to a sample that somebody else changed."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from fiftyone.core.odm import get_db_conn

from plugin.decisions import lock, steps
from plugin.decisions.changes import ACTIONS
from plugin.decisions.journal import applied_headers, entries, entries_of, headers, was_lost
from plugin.decisions.lock import take_lock
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.store.runs import Run
from tests.plugin.decided import CLASSES, all_raw, ids_of, labels_of, make_run
from tests.plugin.forked import died, fork

pytestmark = pytest.mark.slow

WRITERS = 8
DECISIONS = int(os.environ.get("DECONFUSE_RACE_DECISIONS", "25"))
"""By each writer. A race that is rare wants more: 500 take minutes."""


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(40)
    resolve(made, "confirm", ids_of(made)[:1])  # declares the field
    undo(made)
    yield made
    made.dataset.delete()


def decide_at_random(run: Run, ids: list[str], seed: int, decisions: int) -> None:
    rng, done = random.Random(seed), 0
    actions = ["relabel"] * 4 + ["confirm", "tag"] * 2 + ["remove"] + ["undo"] * 5
    while done < decisions:
        action = rng.choice(actions)
        try:
            if action == "undo":
                made = undo(run, one_of_the_last(run, rng), author=str(seed))
            else:
                made = resolve(
                    run,
                    action,
                    rng.sample(ids, rng.randint(1, 6)),
                    label=rng.choice(CLASSES) if action == "relabel" else None,
                    tag=rng.choice("xyz") if action == "tag" else None,
                    author=str(seed),
                )
        except InputError:
            continue  # somebody was quicker, or has decided on its samples since
        done += made.decision is not None


def one_of_the_last(run: Run, rng: random.Random) -> str:
    """A recent decision, or, for else nothing would be left in the end, a recent removal."""
    what = {"action": "remove"} if rng.random() < 0.4 else {}
    made = headers().find({**run.owner, **what, "state": "applied"}, {"_id": 1}).sort("seq", -1)
    return str(rng.choice(list(made.limit(6)) or [{"_id": ObjectId()}])["_id"])


def replayed(run: Run, labels: dict[str, str | None]) -> dict[str, dict[str, Any] | None]:
    """Label, decision and tags of each sample, from the journal alone. None: removed."""
    start = {
        i: {"label": label, "decision": None, "tags": ["train"]} for i, label in labels.items()
    }
    stacks: dict[str, list[Any]] = {i: [start[i]] for i in labels}
    done: dict[ObjectId, dict[str, Any]] = {}
    for header in applied_headers(run):
        for entry in entries_of(header["_id"]):
            if was_lost(entry, header):
                continue
            i = str(entry["sample_id"])
            now = stacks[i][-1]
            assert entry["label_before"] == (now["label"] if now else None), "an update was lost"
            if header["action"] == "undo":
                new = done[header["undoes"]][i]
            elif header["action"] == "remove":
                new = None
            else:
                new = {**now, "decision": ACTIONS[header["action"]]}
                if header["action"] == "relabel":
                    new["label"] = header["label"]
                if header["action"] == "tag" and header["tag"] not in now["tags"]:
                    new["tags"] = [*now["tags"], header["tag"]]
            done.setdefault(header["_id"], {})[i] = now
            stacks[i].append(new)
    return {i: stack[-1] for i, stack in stacks.items()}


def held(run: Run, ids: list[str]) -> dict[str, dict[str, Any] | None]:
    found: dict[str, dict[str, Any] | None] = dict.fromkeys(ids)
    collection: Any = run.dataset._sample_collection
    for document in collection.find():
        found[str(document["_id"])] = {
            "label": document["ground_truth"]["label"],
            "decision": document.get(run.field("decision")),
            "tags": document["tags"],
        }
    return found


def test_eight_writers_on_overlapping_samples_lose_nothing(run: Run) -> None:
    ids, labels = ids_of(run), labels_of(run)
    pids = [
        fork(lambda seed=seed: decide_at_random(run, ids, seed, DECISIONS))
        for seed in range(WRITERS)
    ]
    for pid in pids:
        current_state(run)  # a reader among the writers
        assert not died(pid)
    final = replayed(run, labels)
    assert held(run, ids) == final
    kinds = {i: v["decision"] if v else "removed" for i, v in final.items()}
    assert current_state(run).decided(ids) == {i: kind for i, kind in kinds.items() if kind}
    made = applied_headers(run)
    by_author = Counter(header["author"] for header in made)
    assert {by_author[str(seed)] for seed in range(WRITERS)} == {DECISIONS}
    assert headers().count_documents({**run.owner, "state": {"$ne": "applied"}}) == 0
    known = [header["_id"] for header in made]
    assert entries().count_documents({**run.owner, "decision": {"$nin": known}}) == 0


def test_an_outside_writer_beside_is_never_overwritten(run: Run) -> None:
    """A script relabels through FiftyOne while decisions are made; every write can be accounted."""
    ids = ids_of(run)

    def script() -> None:
        collection: Any = run.dataset._sample_collection
        rng = random.Random(7)
        for number in range(400):
            collection.update_one(
                {"_id": ObjectId(rng.choice(ids))},
                {
                    "$set": {"ground_truth.label": f"outside {number}"},
                    "$push": {"outside": number},
                    "$currentDate": {"last_modified_at": True},
                },
            )
            time.sleep(0.002)

    pid = fork(script)
    seen: dict[str, set[str]] = {i: set() for i in ids}
    number = 0
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        number += 1
        resolve(run, "relabel", ids, label=f"ours {number}")
    collection: Any = run.dataset._sample_collection
    for document in collection.find():
        seen[str(document["_id"])] |= {f"outside {n}" for n in document.get("outside", [])}
    for header in applied_headers(run):
        for entry in entries_of(header["_id"]):
            if not was_lost(entry, header) and str(entry["label_before"]).startswith("outside"):
                assert entry["label_before"] in seen[str(entry["sample_id"])]
    last = {
        str(e["sample_id"]): e["label_after"]
        for h in applied_headers(run)[2:]
        for e in entries_of(h["_id"])
        if not was_lost(e, h)
    }
    for sample_id, label in labels_of(run).items():
        assert label == last[sample_id] or label in seen[sample_id]


@pytest.mark.parametrize(
    ("change", "reason", "found"),
    [
        ({"$set": {"ground_truth.label": "elsewhere"}}, "relabeled", "elsewhere"),
        ({"$set": {"ground_truth": None}}, "relabeled", None),
        (None, "deleted", None),
    ],
)
@pytest.mark.parametrize("action", list(ACTIONS))
def test_what_changes_between_reading_and_writing_is_left_alone(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    change: dict[str, Any] | None,
    reason: str,
    found: str | None,
) -> None:
    ids = ids_of(run)
    collection: Any = run.dataset._sample_collection
    mine = {"_id": ObjectId(ids[1])}

    def interfere(step: str) -> None:
        if step == "committed":
            collection.delete_one(mine) if change is None else collection.update_one(mine, change)

    monkeypatch.setattr(steps, "reached", interfere)
    made = resolve(
        run,
        action,
        ids[:3],
        label="new" if action == "relabel" else None,
        tag="new" if action == "tag" else None,
    )
    monkeypatch.undo()
    after = collection.find_one(mine)
    assert (made.applied, made.conflict_count) == (2, 1)
    assert made.conflicts == (
        {"sample_id": ids[1], "reason": reason, "expected": "bee", "found": found},
    )
    assert after is None if change is None else run.field("decision") not in after
    assert set(current_state(run).decided(ids)) == {ids[0], ids[2]}
    assert undo(run).applied == 2
    assert collection.find_one(mine) == after


@pytest.mark.parametrize("action", list(ACTIONS))
def test_a_change_of_another_field_is_no_conflict_and_is_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    ids = ids_of(run)
    collection: Any = run.dataset._sample_collection

    def interfere(step: str) -> None:
        if step == "committed":
            changes = {"$set": {"weight": 99.0}, "$currentDate": {"last_modified_at": True}}
            collection.update_one({"_id": ObjectId(ids[1])}, changes)

    monkeypatch.setattr(steps, "reached", interfere)
    made = resolve(
        run,
        action,
        ids[:3],
        label="new" if action == "relabel" else None,
        tag="new" if action == "tag" else None,
    )
    monkeypatch.undo()
    assert (made.applied, made.conflict_count) == (3, 0)
    undo(run)
    assert collection.find_one({"_id": ObjectId(ids[1])})["weight"] == 99.0


def test_a_removal_keeps_what_was_written_past_fiftyone_in_the_last_moment(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the outside writer leaves ``last_modified_at`` as it was."""
    ids = ids_of(run)
    collection: Any = run.dataset._sample_collection

    def interfere(step: str) -> None:
        if step == "committed":
            collection.update_one({"_id": ObjectId(ids[0])}, {"$set": {"weight": 99.0}})

    monkeypatch.setattr(steps, "reached", interfere)
    resolve(run, "remove", ids[:2])
    monkeypatch.undo()
    assert ids[0] not in ids_of(run)
    undo(run)
    assert collection.find_one({"_id": ObjectId(ids[0])})["weight"] == 99.0


def test_a_writer_thought_dead_that_wakes_up_changes_nothing_more(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock expires in the middle; another applies, and undoes, before it goes on."""
    ids, before = ids_of(run), all_raw(run)
    monkeypatch.setattr(lock, "RENEW_SECONDS", 0.0)
    asleep = True

    def sleep(step: str) -> None:
        nonlocal asleep
        if step == "chunk" and asleep:
            asleep = False
            expire(run)
            undone = undo(run)  # applies the sleeper's decision first
            assert undone.applied == 3
            assert all_raw(run) == before

    monkeypatch.setattr(steps, "reached", sleep)
    made = resolve(run, "relabel", ids[:3], label="new")
    monkeypatch.undo()
    assert (made.applied, made.conflict_count) == (3, 0)
    assert all_raw(run) == before
    assert [h["action"] for h in applied_headers(run)][2:] == ["relabel", "undo"]


@pytest.mark.parametrize("step", ["lock", "header", "entries", "written"])
def test_a_writer_that_lost_its_lock_before_the_commit_begins_anew(
    run: Run, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    ids = ids_of(run)
    asleep = True

    def sleep(name: str) -> None:
        nonlocal asleep
        if name == step and asleep:
            asleep = False
            expire(run)
            resolve(run, "relabel", ids[:2], label="other")

    monkeypatch.setattr(steps, "reached", sleep)
    made = resolve(run, "relabel", ids[:3], label="new", expected_label="ant")
    monkeypatch.undo()
    # Its author saw "ant" on the first sample; by now it is "other", on the others it never was.
    assert made.applied == 0
    assert [labels_of(run)[i] for i in ids[:3]] == ["other", "other", "cat"]
    assert headers().count_documents({**run.owner, "state": {"$ne": "applied"}}) == 0


def expire(run: Run) -> None:
    late = {"$set": {"lease_until": datetime(1970, 1, 1)}}
    get_db_conn()[lock.COLLECTION].update_one({"_id": run.owner["dataset_id"]}, late)


def test_a_living_writer_is_waited_for_and_not_for_ever(run: Run) -> None:
    held = take_lock(run.owner["dataset_id"])
    with pytest.raises(InputError, match=f"process {os.getpid()} on .*Nothing was changed"):
        take_lock(run.owner["dataset_id"], patience=0.2)
    held.release()
    take_lock(run.owner["dataset_id"], patience=0.2).release()
