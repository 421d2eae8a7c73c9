"""Votes in columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plugin.votes.ballots import Ballots, made_of_votes

VOTES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 2)), min_size=0, max_size=40
)


def made(votes: list[tuple[int, int, int]]) -> Ballots:
    columns = np.array(votes, np.int64).reshape(-1, 3)
    return Ballots.of(*columns.T, samples=7, annotators=4, classes=3)


@given(votes=VOTES)
def test_votes_are_summed_and_counted_by_sample(votes: list[tuple[int, int, int]]) -> None:
    ballots = made(votes)
    values = np.eye(3)[ballots.label] * 2.0
    expected = np.zeros((7, 3))
    for sample, _, label in votes:
        expected[sample, label] += 2.0
    np.testing.assert_allclose(ballots.summed(values), expected)
    np.testing.assert_array_equal(ballots.count(), expected.sum(axis=1) / 2)


@given(votes=VOTES, start=st.integers(0, 7), length=st.integers(0, 7))
def test_a_part_holds_the_votes_on_its_samples(
    votes: list[tuple[int, int, int]], start: int, length: int
) -> None:
    ballots, end = made(votes), min(start + length, 7)
    part = ballots.of_rows(start, end)
    chosen = ballots.of_samples(np.arange(start, end))
    expected = sorted((s - start, a, c) for s, a, c in votes if start <= s < end)
    for some in (part, chosen):
        found = zip(some.sample, some.annotator, some.label, strict=True)
        assert sorted((int(s), int(a), int(c)) for s, a, c in found) == expected
        assert some.samples == end - start


def test_labels_that_are_the_majorities_of_the_votes_are_told_from_others() -> None:
    n = 400
    truth = np.arange(n) % 3
    rows, said = np.repeat(np.arange(n), 3), np.repeat(truth, 3)
    said[::3] = (said[::3] + 1) % 3  # two of three say what is right
    ballots = Ballots.of(rows, np.tile([0, 1, 2], n), said, samples=n + 2, annotators=3, classes=3)
    # Neither a label without votes nor votes without a label tell anything.
    label = np.concatenate([truth, [0, 1]])
    label[0] = -1
    assert made_of_votes(ballots, label)
    label[1] = (label[1] + 2) % 3
    assert made_of_votes(ballots, label), "one in 399 is nearly all"
    label[2:4] = (label[2:4] + 2) % 3
    assert not made_of_votes(ballots, label)
    # However many labels nobody voted on, or votes there are on what has no label.
    few = np.concatenate([label, np.zeros(5_000, np.int64)])
    assert not made_of_votes(replace(ballots, samples=len(few)), few)
    label[:300] = -1
    assert made_of_votes(ballots, label)
    # Of votes that are tied each is a most frequent one.
    tied = Ballots.of([0, 0], [0, 1], [1, 2], samples=1, annotators=2, classes=3)
    assert made_of_votes(tied, np.array([1]))
    assert made_of_votes(tied, np.array([2]))
    assert not made_of_votes(tied, np.array([0]))


def test_the_label_is_one_more_annotators_vote_where_there_is_one() -> None:
    ballots = made([(0, 1, 2), (3, 0, 1)])
    both = ballots.with_labels(np.array([1, -1, 0, 1, -1, -1, -1]))
    found = zip(both.sample.tolist(), both.annotator.tolist(), both.label.tolist(), strict=True)
    assert sorted(found) == [(0, 1, 2), (0, 4, 1), (2, 4, 0), (3, 0, 1), (3, 4, 1)]
    assert (both.samples, both.annotators, both.classes) == (7, 5, 3)
