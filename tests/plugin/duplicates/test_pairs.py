"""The pairs that are listed, against a plain reference over all images."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.duplicates.pairs import (
    MOST_PARTNERS,
    Pairs,
    first_copies,
    highest_ses,
    pairs_in_scope,
    partners,
)


def components(links: list[tuple[int, int]], count: int) -> list[int]:
    """The smallest index that each image is linked with, by plain repetition."""
    first = list(range(count))
    for _ in range(count):
        for a, b in links:
            first[a] = first[b] = min(first[a], first[b])
    return first


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12),
)
def test_copies_are_connected_by_files_and_by_pixels(digests: list[tuple[int, int]]) -> None:
    pixels = np.array([np.void(bytes([a] * 16)) for a, _ in digests])
    files = np.array([np.void(bytes([b] * 16)) for _, b in digests])
    links = [
        (i, j)
        for i in range(len(digests))
        for j in range(i)
        if digests[i][0] == digests[j][0] or digests[i][1] == digests[j][1]
    ]
    assert first_copies(pixels, files).tolist() == components(links, len(digests))


@st.composite
def found(draw: Any) -> Any:
    """Copies, near pairs of their first ones, and a prediction or none for each image."""
    count = draw(st.integers(1, 9))
    links = draw(st.lists(st.tuples(*[st.integers(0, count - 1)] * 2), max_size=6))
    first = components(links, count)
    firsts = sorted(set(first))
    every = [(a, b) for a in firsts for b in firsts if a < b]
    near = draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    ses = draw(st.lists(st.sampled_from([0.7, 0.8, 0.9]), min_size=len(near), max_size=len(near)))
    group = draw(st.lists(st.integers(-1, 2), min_size=count, max_size=count))
    return first, near, ses, group


@settings(max_examples=300)
@given(found())
def test_pairs_in_scope_equal_the_reference(case: Any) -> None:
    first, near, ses, group = case
    alike = {frozenset(pair): value for pair, value in zip(near, ses, strict=True)}
    expected = {}
    # Of each set of copies with one prediction, the first stands for all.
    standing = {
        i: min(j for j in range(len(first)) if (first[j], group[j]) == (first[i], group[i]))
        for i in range(len(first))
        if group[i] >= 0
    }
    for i, stands in standing.items():
        if i != stands:
            expected[stands, i] = (1.0, True)
    for i in set(standing.values()):
        for j in set(standing.values()):
            value = alike.get(frozenset((first[i], first[j])))
            if i < j and group[i] == group[j] and first[i] != first[j] and value is not None:
                expected[i, j] = (value, False)
    pairs = pairs_in_scope(
        np.array(near, np.int64).reshape(-1, 2), np.array(ses), np.array(first), np.array(group)
    )
    listed = zip(pairs.pair.tolist(), pairs.ses.tolist(), pairs.exact.tolist(), strict=True)
    assert {tuple(pair): (value, exact) for pair, value, exact in listed} == expected
    assert len(pairs.ses) == len(expected)
    assert (np.diff(pairs.ses) <= 0).all()
    assert pairs.at(0.8).ses.tolist() == [v for v in pairs.ses.tolist() if v >= 0.8]


@given(found())
def test_every_image_has_its_partners(case: Any) -> None:
    first, near, ses, _ = case
    pairs = pairs_in_scope(np.array(near, np.int64).reshape(-1, 2), np.array(ses), np.array(first))
    alike = {frozenset(pair) for pair in near}
    expected = {
        i: {
            j
            for j in range(len(first))
            if i != j and (first[i] == first[j] or frozenset((first[i], first[j])) in alike)
        }
        for i in range(len(first))
    }
    listed = dict(partners(pairs))
    assert {i: set(others) for i, others in listed.items()} == {
        i: others for i, others in expected.items() if others
    }
    highest = highest_ses(pairs, len(first))
    assert set(np.flatnonzero(~np.isnan(highest)).tolist()) == set(listed)


def test_a_thousand_equal_images_do_not_make_a_million_entries() -> None:
    pair = np.stack([np.zeros(999, np.int64), np.arange(1, 1000)], axis=1)
    pairs = Pairs(pair, np.ones(999), np.ones(999, bool))
    assert {len(others) for _, others in partners(pairs)} == {MOST_PARTNERS}
