"""Groups by union-find against a graph library, their flags, order, and the image to keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from plugin.duplicates.groups import connected, duplicate_groups, proposal

edges = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40)


@given(edges)
def test_groups_are_the_connected_components(pairs: list[tuple[int, int]]) -> None:
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(array)), array.T), shape=(20, 20))
    _, expected = connected_components(graph, directed=False)
    found = connected(array, 20)
    assert ((found[:, None] == found) == (expected[:, None] == expected)).all()
    assert all(found[i] <= i and found[found[i]] == found[i] for i in range(20))


@given(edges, st.randoms(use_true_random=False))
def test_every_image_of_a_pair_is_in_exactly_one_group(
    pairs: list[tuple[int, int]], random: Any
) -> None:
    pairs = [pair for pair in pairs if pair[0] != pair[1]]
    ses = np.array([random.random() for _ in pairs])
    groups = duplicate_groups(np.array(pairs).reshape(-1, 2).astype(int), ses, ["x"] * 20)
    members = [i for group in groups for i in group.members]
    assert sorted(members) == sorted({i for pair in pairs for i in pair})
    assert all(group.keep in group.members for group in groups)
    assert all(group.lowest_ses <= group.ses for group in groups)


def test_leaks_come_first_then_label_conflicts_then_similarity() -> None:
    pairs = np.array([[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]])
    ses = np.array([0.99, 0.98, 0.9, 0.97, 0.91])
    labels = list("aaaaabccdd")
    splits = ["train"] * 6 + ["train", "test", None, "train"]
    groups = duplicate_groups(pairs, ses, labels, splits=splits)
    assert [group.members[0] for group in groups] == [6, 4, 0, 2, 8]
    assert [group.leak for group in groups] == [True, False, False, False, False]
    assert [group.label_conflict for group in groups] == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("labels", "predictions", "resolutions", "keep"),
    [
        (["a", "b", "b"], None, None, 1),
        (["a", "b", "b"], ["a", "a", "a"], None, 0),
        (["a", "b", "b"], ["a", "a", "a"], [1, 9, 9], 0),
        (["a", "a", "a"], ["a", "b", "a"], [1, 9, 4], 2),
        (["a", "a", "a"], None, [4, 9, 9], 1),
        (["a", "a", "a"], None, None, 0),
    ],
)
def test_keeps_the_agreeing_label_and_then_the_highest_resolution(
    labels: list[str], predictions: list[str] | None, resolutions: list[int] | None, keep: int
) -> None:
    assert proposal([0, 1, 2], labels, predictions, resolutions) == keep


def test_no_pairs_no_groups() -> None:
    assert duplicate_groups(np.empty((0, 2), dtype=int), np.empty(0), ["a"]) == []


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="ses must have one value for each of the 1 pairs, got 0"):
        duplicate_groups(np.array([[0, 1]]), np.empty(0), ["a", "b"])
    with pytest.raises(ValueError, match="splits must have one entry for each of the 2 labels"):
        duplicate_groups(np.array([[0, 1]]), np.ones(1), ["a", "b"], splits=["train"])


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_a_group_has_the_highest_and_the_lowest_ses_of_its_pairs(order: list[int]) -> None:
    pairs, ses = np.array([[0, 1], [1, 2], [2, 3]]), np.array([0.99, 0.8, 0.9])
    (group,) = duplicate_groups(pairs[order], ses[order], ["cat"] * 4)
    assert (group.ses, group.lowest_ses) == (0.99, 0.8)


def test_the_label_of_most_counts_before_the_size() -> None:
    assert proposal([0, 1, 2], ["cat", "dog", "cat"], None, [10, 99, 20]) == 2
    assert proposal([0, 1, 2], ["cat", "dog", "cat"], ["dog", "dog", "dog"], [10, 9, 20]) == 1
    assert proposal([0, 1, 2], ["cat", "cat", "cat"], None, [20, 20, 10]) == 0
