"""Processes killed between journal and dataset: no decision lost, none half done, none twice."""

import copy
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from plugin.decisions import journal
from plugin.decisions.changes import ACTIONS, KEEP_ALL
from plugin.decisions.journal import applied_headers, entries, entries_of, headers
from plugin.decisions.lock import abandoned
from plugin.decisions.recovery import recover_abandoned
from plugin.decisions.resolve import resolve
from plugin.decisions.state import _followers, current_state
from plugin.decisions.undo import undo
from plugin.store.runs import Run
from tests.plugin.decided import all_raw, ids_of, make_run
from tests.plugin.forked import died, enough, fork, kill_at

pytestmark = pytest.mark.slow

BEFORE_COMMIT = ("lock", "header", "entries", "written")
AFTER_COMMIT = ("committed", "chunk", "delete", "insert", "applied", "marked", "settled")
STEPS = BEFORE_COMMIT + AFTER_COMMIT
SAMPLES = 10
AWKWARD = ("$set", "a.b", "", "<b>'\"</b>", "שלום", "x" * 1000)

KILLS = 200

killed: Counter[str] = Counter()
"""At which step, how often."""


@dataclass(frozen=True)
class Act:
    """One call of resolve or undo, and the deaths of those who carry it out.

    ``redo`` chooses, for an undo, the last decision of any kind instead of the last that stands.
    """

    action: str
    samples: tuple[int, ...]
    label: str
    redo: bool
    deaths: tuple[tuple[str, int], ...]


steps = st.one_of(
    st.tuples(st.sampled_from(STEPS), st.just(1)),
    st.tuples(st.sampled_from(("entries", "chunk", "delete", "insert")), st.integers(2, 3)),
)
acts = st.builds(
    Act,
    action=st.sampled_from((*ACTIONS, KEEP_ALL, "undo", "undo")),
    samples=st.lists(st.integers(0, SAMPLES - 1), min_size=1, unique=True).map(tuple),
    label=st.sampled_from(AWKWARD),
    redo=st.booleans(),
    deaths=st.lists(steps, min_size=1, max_size=3).map(tuple),
)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """A run whose decisions span several chunks."""
    made = make_run(SAMPLES)
    resolve(made, "confirm", ids_of(made)[:1])  # declares the field
    undo(made)
    before, journal.SAMPLES_PER_CHUNK = journal.SAMPLES_PER_CHUNK, 4
    yield made
    journal.SAMPLES_PER_CHUNK = before
    made.dataset.delete()


class Model:
    """What the dataset must hold: a plain replay in memory that knows nothing of MongoDB."""

    def __init__(self, run: Run):
        self.run = run
        self.documents = {i: bson.decode(d) for i, d in all_raw(run).items()}
        self.kinds: dict[str, str | None] = dict.fromkeys(self.documents)
        self.undone: dict[str, dict[str, Any]] = {}

    def after(self, act: Act, header: dict[str, Any]) -> None:
        """Do what a decision of the journal says, by this test's own understanding of it."""
        ids = [str(e["sample_id"]) for e in entries_of(header["_id"])]
        before = {i: (copy.deepcopy(self.documents.get(i)), self.kinds[i]) for i in ids}
        self.undone[str(header["_id"])] = before
        if header["action"] == "undo":
            for i, (document, kind) in self.undone[str(header["undoes"])].items():
                self.documents.pop(i, None)
                self.kinds[i] = kind
                if document is not None:
                    self.documents[i] = copy.deepcopy(document)
            return
        if act.action == KEEP_ALL:  # nothing changes on the samples
            return
        kind = ACTIONS[act.action]
        for i in ids:
            self.kinds[i] = kind
            document = self.documents[i]
            if act.action == "remove":
                del self.documents[i]
                continue
            document[self.run.field("decision")] = kind
            if act.action == "relabel":
                document["ground_truth"]["label"] = act.label
            elif act.action == "tag" and act.label not in document["tags"]:
                document["tags"].append(act.label)

    def check(self) -> None:
        """The dataset is the model byte for byte, and the counts are right."""
        found = all_raw(self.run)
        assert {i: bson.encode(d) for i, d in self.documents.items()} == found
        standing = [kind for kind in self.kinds.values() if kind]
        counts = current_state(self.run).counts()
        assert {k: n for k, n in counts["by_kind"].items() if n} == {
            kind: standing.count(kind) for kind in set(standing)
        }


def perform(run: Run, act: Act) -> None:
    ids = ids_of(run)
    if act.action == "undo":
        made = [h["_id"] for h in applied_headers(run)]
        undo(run, str(made[-1]) if act.redo and made else None)
        return
    chosen = [ids[i % len(ids)] for i in act.samples]
    resolve(
        run,
        act.action,
        chosen,
        label=act.label if act.action == "relabel" else None,
        tag=(act.label or "empty") if act.action == "tag" else None,
    )


def possible(run: Run, act: Act) -> bool:
    if act.action == "undo":
        made = applied_headers(run)
        return bool(made) if act.redo else bool(current_state(run).counts()["reviewed"])
    return bool(ids_of(run))


def reset(run: Run, documents: list[bytes]) -> None:
    collection: Any = run.dataset._sample_collection
    collection.delete_many({})
    collection.insert_many([RawBSONDocument(d) for d in documents])
    headers().delete_many(run.owner)
    entries().delete_many(run.owner)


def test_no_death_loses_halves_or_doubles_a_decision(run: Run) -> None:
    start = list(all_raw(run, whole=True).values())

    # No shrinking: it would fork for many minutes. Of one example Hypothesis makes the simplest.
    @settings(
        max_examples=50,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    @given(st.lists(acts, min_size=6, max_size=10))
    def check(history: list[Act]) -> None:
        if not enough(killed, KILLS, len(STEPS)):
            reset(run, start)
            play(run, history)

    while not enough(killed, KILLS, len(STEPS)):
        assert sum(killed.values()) < 10 * KILLS, killed
        check()


def play(run: Run, history: list[Act]) -> None:
    _followers.clear()  # the journal was emptied by hand
    model = Model(run)
    for act in history:
        if act.action == "tag" and not act.label:
            act = Act("tag", act.samples, "empty", act.redo, act.deaths)
        if not possible(run, act):
            continue
        known = len(applied_headers(run))
        first, *later = act.deaths

        def attempt(first: tuple[str, int] = first, act: Act = act) -> None:
            kill_at(*first)
            perform(run, act)

        dead = died(fork(attempt))
        killed.update([first[0]] * dead)
        for death in later if abandoned(run.owner["dataset_id"]) else ():

            def apply(death: tuple[str, int] = death) -> None:
                kill_at(*death)
                recover_abandoned(run)

            killed.update([death[0]] * died(fork(apply)))
        recover_abandoned(run)
        made = applied_headers(run)[known:]
        assert len(made) <= 1
        if not dead or first[0] in AFTER_COMMIT:
            assert len(made) == 1, "a committed decision was lost"
        elif first[0] in BEFORE_COMMIT:
            assert made == [], "a decision was done that was never committed"
        for header in made:
            assert header["applied"] == header["samples"]
            assert header["conflicts"] == 0
            model.after(act, header)
        model.check()


def test_killed_at_any_moment(run: Run) -> None:
    """Deaths by the clock instead of at a step, also in the middle of a bulk write."""
    journal.SAMPLES_PER_CHUNK = 2_000
    big = make_run(400)
    ids = ids_of(big)
    resolve(big, "confirm", ids[:1])
    undo(big)
    before = all_raw(big)
    began = time.monotonic()
    assert not died(fork(lambda: resolve(big, "relabel", ids, label="new")))
    undisturbed = time.monotonic() - began  # depends on what else the machine does
    undo(big)
    rng = random.Random(51)
    outcomes = {"done": 0, "not done": 0}
    for attempt in range(40):
        action = ("relabel", "remove")[attempt % 2]

        def work(action: str = action) -> None:
            resolve(big, action, ids, label="new" if action == "relabel" else None)

        known = len(applied_headers(big))
        pid = fork(work)
        time.sleep(undisturbed * rng.uniform(0.1, 2.0))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        recover_abandoned(big)
        made = applied_headers(big)[known:]
        if made:
            outcomes["done"] += 1
            assert made[0]["applied"] == len(ids)
            left = list(all_raw(big).values())
            if action == "relabel":
                assert {bson.decode(d)["ground_truth"]["label"] for d in left} == {"new"}
            else:
                assert left == []
            assert undo(big).applied == len(ids)
        else:
            outcomes["not done"] += 1
        assert all_raw(big) == before
    big.dataset.delete()
    assert min(outcomes.values()) > 0, outcomes
