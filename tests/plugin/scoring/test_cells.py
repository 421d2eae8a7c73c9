"""The bins of the overview's bars: equal, from 1/classes to 1, none lost at the edges."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.scoring.cells import HISTOGRAM_BINS, cell_table, histogram_bin
from plugin.scoring.iies import iies


def counted_bin(score: Fraction, classes: int) -> int:
    """The bin by counting the edges that do not lie above the score."""
    low = Fraction(1, classes)
    edges = [low + (1 - low) * Fraction(k, HISTOGRAM_BINS) for k in range(1, HISTOGRAM_BINS)]
    return sum(edge <= score for edge in edges)


@given(st.integers(2, 200), st.integers(0, 19), st.integers(1, 99))
def test_inside_of_a_bin_it_is_that_bin(classes: int, number: int, percent: int) -> None:
    low = Fraction(1, classes)
    score = low + (1 - low) * Fraction(100 * number + percent, 100 * HISTOGRAM_BINS)
    assert histogram_bin(float(score), classes) == number == counted_bin(score, classes)


@pytest.mark.parametrize(
    ("score", "classes", "expected"),
    [
        (0.5, 2, 0),
        (0.625, 2, 5),  # on an edge: the upper bin
        (np.nextafter(0.625, 0), 2, 4),
        (0.75, 2, 10),
        (np.nextafter(0.75, 0), 2, 9),
        (0.875, 2, 15),
        (np.nextafter(1.0, 0), 2, 19),
        (1.0, 2, 19),
        (0.25, 4, 0),
        (0.625, 4, 10),
        (1.0, 4, 19),
        (0.0, 4, 0),
        (1.0 + 1e-7, 4, 19),  # float32 sums
        (0.1, 10, 0),
        (1.0, 1, 19),
        (0.5, 1, 10),
    ],
)
def test_edges(score: float, classes: int, expected: int) -> None:
    assert histogram_bin(score, classes) == expected


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.floats(0, 1), st.floats(0, 1)),
    min_size=1,
    max_size=60,
)


@given(ROWS)
def test_each_cell_counts_its_own_rows(rows: list[tuple[int, int, float, float]]) -> None:
    rows.sort(key=lambda row: row[:2])
    label, prediction = (np.array([row[i] for row in rows], np.int32) for i in (0, 1))
    p_max, p_label = (np.array([row[i] for row in rows], np.float32) for i in (2, 3))
    table = cell_table(label, prediction, p_max, p_label, 4)
    pairs = sorted({row[:2] for row in rows})
    assert list(zip(table.label.tolist(), table.prediction.tolist(), strict=True)) == pairs
    score = iies(p_max, p_label)
    for at, pair in enumerate(pairs):
        inside = (label == pair[0]) & (prediction == pair[1])
        assert table.count[at] == inside.sum()
        assert table.rows_of(*pair) == slice(*(np.flatnonzero(inside)[[0, -1]] + [0, 1]))
        bins = np.zeros(HISTOGRAM_BINS, int)
        for value in score[inside]:
            bins[counted_bin(min(max(Fraction(value), Fraction(0)), Fraction(1)), 4)] += 1
        near = [abs((value - 0.25) / 0.75 * 20 % 1 - 0.5) > 0.499 for value in score[inside]]
        assert table.histogram[at].sum() == inside.sum()
        assert any(near) or table.histogram[at].tolist() == bins.tolist()
    for pair in {(a, b) for a in range(5) for b in range(5)} - set(pairs):
        assert table.index_of(*pair) is None
        assert table.rows_of(*pair) == slice(0, 0)
