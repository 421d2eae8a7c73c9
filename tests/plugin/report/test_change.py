"""Iterations compared and the effort curve, against slow references."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.report.change import Said, change
from plugin.report.effort import Effort, effort


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_changes_are_counted_sample_by_sample(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    old_names, new_names = ["a", "b", "c"], ["c", "a", "d", "b"]
    old = Said(rng.integers(0, 3, n), rng.integers(0, 3, n), old_names)
    new = Said(rng.integers(0, 4, n), rng.integers(0, 4, n), new_names)
    found = change(old, new)
    rows = [
        (old_names[a], old_names[b], new_names[c], new_names[d])
        for a, b, c, d in zip(old.label, old.prediction, new.label, new.prediction, strict=True)
    ]
    assert found.shared == n
    assert found.predicted_otherwise == sum(b != d for _, b, _, d in rows)
    assert found.now_agreeing == sum(a != b and c == d for a, b, c, d in rows)
    assert found.now_disagreeing == sum(a == b and c != d for a, b, c, d in rows)
    before = {(a, b) for a, b, _, _ in rows if a != b}
    after = {(c, d) for _, _, c, d in rows if c != d}
    assert {cell[:2] for cell in found.appeared} == after - before
    assert {cell[:2] for cell in found.vanished} == before - after


@given(st.integers(0, 2**32 - 1))
def test_a_class_with_another_name_is_the_same_class(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names, n = ["a", "b", "c"], 60
    old = Said(rng.integers(0, 3, n), rng.integers(0, 3, n), names)
    label, prediction = np.where(rng.random(n) < 0.1, 0, old.label), rng.integers(0, 3, n)
    called = change(old, Said(label, prediction, ["a", "z", "c"]))
    as_before = change(old, Said(label, prediction, names))
    assert called.renamed == {"b": "z"}
    assert called.predicted_otherwise == as_before.predicted_otherwise
    for one, other in (
        (called.appeared, as_before.appeared),
        (called.vanished, as_before.vanished),
    ):
        translated = {tuple("z" if x == "b" else x for x in cell) for cell in other}
        assert set(one) == translated


def made(at: int, action: str, count: int, undoes: int | None = None) -> dict[str, object]:
    return {"_id": at, "action": action, "undoes": undoes, "applied": count, "author": "ann"}


def test_undone_decisions_take_no_part_and_redone_ones_do() -> None:
    journal = [made(1, "relabel", 4), made(2, "remove", 1), made(3, "undo", 4, undoes=1)]
    assert effort(journal) == Effort([1], [1], {"ann": 1})
    redone = [*journal, made(4, "undo", 4, undoes=3)]
    assert effort(redone) == Effort([4, 5], [4, 5], {"ann": 5})
    assert effort([]) == Effort([], [], {})


@pytest.mark.parametrize(
    ("action", "fixed"),
    [
        ("relabel", 4),
        ("remove", 4),
        ("relabel_alike", 4),
        ("keep_one", 4),
        ("confirm", 0),
        ("tag", 0),
        ("keep_all", 0),
    ],
)
def test_what_relabels_or_removes_is_a_fix(action: str, fixed: int) -> None:
    made = {"_id": 1, "action": action, "undoes": None, "applied": 4, "author": "ann"}
    found = effort([made])
    assert (found.looked, found.fixed) == ([4], [fixed])
