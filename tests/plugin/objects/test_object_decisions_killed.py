"""Processes killed while they decide on objects: nothing lost, half done or done twice."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from plugin.decisions import journal
from plugin.decisions.journal import applied_headers, entries_of
from plugin.decisions.lock import abandoned
from plugin.decisions.object_changes import KIND_OF
from plugin.decisions.recovery import recover_abandoned
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.objects.resolve import resolve
from plugin.objects.state import items_state
from plugin.store.runs import Run
from tests.plugin.forked import died, enough, fork, kill_at
from tests.plugin.objects_decided import all_raw, make_objects, reset

pytestmark = pytest.mark.slow

BEFORE_COMMIT = ("lock", "header", "entries", "written")
AFTER_COMMIT = ("committed", "chunk", "objects", "applied", "marked", "cleared")
STEPS = BEFORE_COMMIT + AFTER_COMMIT
ITEMS = 12
BOX = [0.25, 0.125, 0.5, 0.375]

killed: Counter[str] = Counter()
"""At which step, how often."""


@dataclass(frozen=True)
class Act:
    """One call of resolve or undo, and the deaths of those who carry it out.

    ``redo`` chooses, for an undo, the last decision of any kind instead of the last that stands.
    """

    action: str
    items: tuple[int, ...]
    text: str
    redo: bool
    deaths: tuple[tuple[str, int], ...]


steps = st.one_of(
    st.tuples(st.sampled_from(STEPS), st.just(1)),
    st.tuples(st.sampled_from(("entries", "chunk", "objects")), st.integers(2, 3)),
)
acts = st.builds(
    Act,
    action=st.sampled_from((*KIND_OF, "undo", "undo", "undo")),
    items=st.lists(st.integers(0, ITEMS - 1), min_size=1, unique=True).map(tuple),
    text=st.sampled_from(("$set", "a.b", "<b>'\"</b>", "שלום", "x" * 1000)),
    redo=st.booleans(),
    deaths=st.lists(steps, min_size=1, max_size=3).map(tuple),
)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """A run whose decisions span several chunks, also on one sample."""
    made = make_objects(images=2, labels=4, missing=2)
    item = Model(made).items[0]
    resolve(made, "confirm", [item])  # declares the attribute
    undo(made)
    before, journal.SAMPLES_PER_CHUNK = journal.SAMPLES_PER_CHUNK, 3
    yield made
    journal.SAMPLES_PER_CHUNK = before
    made.dataset.delete()


class Model:
    """What the dataset must hold: a plain replay in memory that knows nothing of MongoDB."""

    def __init__(self, run: Run):
        self.run = run
        self.documents = {i: bson.decode(d) for i, d in all_raw(run).items()}
        self.labels: dict[str, dict[str, Any]] = {}
        self.missing: dict[str, dict[str, Any]] = {}
        self.sample_of: dict[str, str] = {}
        for sample, document in self.documents.items():
            for kept, field in ((self.labels, "gt"), (self.missing, run.field("missing"))):
                for label in document[field]["detections"]:
                    kept[str(label["_id"])] = label
                    self.sample_of[str(label["_id"])] = sample
        self.candidates = dict(self.missing)
        self.items = [*self.labels, *self.missing]
        self.order = list(self.labels)
        self.missing_order = list(self.missing)
        self.kinds: dict[str, str | None] = dict.fromkeys(self.items)
        self.earlier: dict[str, dict[str, Any]] = {}

    def can(self, action: str, item: str) -> bool:
        """Whether an act is there for an item as it is."""
        if action == "add":
            return item in self.candidates and item not in self.labels
        dismissable = action == "confirm" and item in self.candidates
        return item in self.labels or dismissable

    def after(self, act: Act, header: dict[str, Any]) -> None:
        """Do what a decision of the journal says, by this test's own understanding of it."""
        items = [str(e["item_id"]) for e in entries_of(header["_id"])]
        self.earlier[str(header["_id"])] = {i: copy.deepcopy(self._state(i)) for i in items}
        if header["action"] == "undo":
            for item, state in self.earlier[str(header["undoes"])].items():
                self._set(item, *copy.deepcopy(state))
            return
        for item in (self.items[i] for i in act.items):
            if item in items:
                self._do(act, item)

    def _state(self, item: str) -> tuple[Any, Any, str | None]:
        return self.labels.get(item), self.missing.get(item), self.kinds[item]

    def _set(self, item: str, label: Any, candidate: Any, kind: str | None) -> None:
        self.kinds[item] = kind
        for kept, value in ((self.labels, label), (self.missing, candidate)):
            kept.pop(item, None)
            if value is not None:
                kept[item] = value

    def _do(self, act: Act, item: str) -> None:
        label, decision = self.labels.get(item), self.run.field("decision")
        self.kinds[item] = KIND_OF[act.action]
        if label is None:
            self.missing.pop(item, None)
            if act.action == "add":
                self._add(act, item)
            return
        if act.action == "remove":
            del self.labels[item]
            return
        label[decision] = KIND_OF[act.action]
        if act.action == "relabel":
            label["label"] = act.text
        elif act.action == "move":
            label["bounding_box"] = BOX
        elif act.action == "tag" and act.text not in label["tags"]:
            label["tags"].append(act.text)

    def _add(self, act: Act, item: str) -> None:
        seen = self.candidates[item]
        self.labels[item] = {
            "_id": seen["_id"],
            "_cls": "Detection",
            "attributes": {},
            "tags": [],
            "label": act.text,
            "bounding_box": seen["bounding_box"],
            self.run.field("suspicion"): None,
            self.run.field("decision"): "added",
        }
        self.order = [i for i in self.order if i != item] + [item]

    def document(self, sample: str) -> dict[str, Any]:
        """A sample as it must be."""
        run = self.run
        score, decision = run.field("suspicion"), run.field("decision")
        labels = [
            self.labels[i] for i in self.order if i in self.labels and self.sample_of[i] == sample
        ]
        missing = [
            self.missing[i]
            for i in self.missing_order
            if i in self.missing and self.sample_of[i] == sample
        ]
        left = [d for d in labels if d.get(decision) is None] + missing
        made = copy.deepcopy(self.documents[sample])
        made["gt"]["detections"] = labels
        made[run.field("missing")]["detections"] = missing
        made[run.field("errors")] = sum(d[score] > 0 for d in left)
        made[score] = max((d[score] for d in left), default=None)
        return made

    def check(self) -> None:
        """The dataset is the model byte for byte, and the state says what stands."""
        found = {i: bson.decode(d) for i, d in all_raw(self.run).items()}
        for sample in self.documents:
            assert found[sample] == self.document(sample)
        wanted = {i: bson.encode(self.document(i)) for i in self.documents}
        assert wanted == all_raw(self.run)
        standing = items_state(self.run).standing
        assert {i: made.kind for i, made in standing.items()} == {
            i: kind for i, kind in self.kinds.items() if kind
        }


def perform(run: Run, act: Act, items: list[str]) -> None:
    if act.action == "undo":
        made = [h["_id"] for h in applied_headers(run)]
        undo(run, str(made[-1]) if act.redo and made else None)
        return
    resolve(
        run,
        act.action,
        items,
        label=act.text if act.action in ("relabel", "add") else None,
        tag=act.text if act.action == "tag" else None,
        box=BOX if act.action == "move" else None,
    )


def possible(run: Run, model: Model, act: Act) -> list[str]:
    """The items that an act can be done to; something where an undo is possible."""
    if act.action == "undo":
        made = applied_headers(run)
        return ["undo"] if (bool(made) if act.redo else any(model.kinds.values())) else []
    return [model.items[i] for i in act.items if model.can(act.action, model.items[i])]


@pytest.mark.parametrize("least", [40, pytest.param(160, marks=pytest.mark.slow)])
def test_no_death_loses_halves_or_doubles_a_decision(run: Run, least: int) -> None:
    start = all_raw(run, whole=True)
    killed.clear()

    # No shrinking: it would fork for many minutes. Of one example Hypothesis makes the simplest.
    @settings(
        max_examples=50,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    @given(st.lists(acts, min_size=8, max_size=12))
    def check(history: list[Act]) -> None:
        if enough(killed, least, len(STEPS)):
            return
        reset(run, start)
        play(run, history)
        with pytest.raises(InputError, match="no decision"):
            while True:
                undo(run)
        assert all_raw(run) == {i: bson.encode(d) for i, d in without_time(start).items()}

    while not enough(killed, least, len(STEPS)):
        assert sum(killed.values()) < 10 * least, killed
        check()


def without_time(documents: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    found = {i: bson.decode(d) for i, d in documents.items()}
    return {i: {k: v for k, v in d.items() if k != "last_modified_at"} for i, d in found.items()}


def play(run: Run, history: list[Act]) -> None:
    model = Model(run)
    for act in history:
        items = possible(run, model, act)
        if not items:
            continue
        known = len(applied_headers(run))
        first, *later = act.deaths

        def attempt(
            first: tuple[str, int] = first, act: Act = act, items: list[str] = items
        ) -> None:
            kill_at(*first)
            perform(run, act, items)

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
