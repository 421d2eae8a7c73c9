"""The overview's sums and orders, against plain counting."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plugin.scoring.cells import cell_table
from plugin.scoring.overview import (
    LabelRows,
    cells_of_labels,
    expected_errors,
    expected_errors_of_rows,
    first_rows,
    label_rows,
)

ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.floats(0, 1, width=32), st.booleans()),
    min_size=1,
    max_size=60,
)


def arrays(rows: list[tuple[int, int, float, bool]]):
    rows = sorted(rows, key=lambda row: row[:2])
    label, prediction = (np.array([r[i] for r in rows], np.int32) for i in (0, 1))
    p_label = np.array([r[2] for r in rows], np.float32)
    decided = np.array([r[3] for r in rows])
    table = cell_table(label, prediction, np.ones(len(rows), np.float32), p_label, 5)
    cell = np.repeat(np.arange(len(table)), table.count)
    open_count = np.bincount(cell[~decided], minlength=len(table))
    return label, prediction, p_label, decided, table, cell, open_count


@given(ROWS)
def test_rows_are_sums_of_open_samples(rows):
    label, prediction, p_label, decided, table, _, open_count = arrays(rows)
    errors = expected_errors(p_label, table.start) - expected_errors_of_rows(
        p_label, table.start, np.flatnonzero(decided)
    )
    found = label_rows(table, open_count, errors)
    for at, name in enumerate(found.label):
        mine = (label == name) & ~decided
        assert found.open[at] == mine.sum()
        assert found.wrong[at] == (mine & (prediction != label)).sum()
        assert found.cells[at] == len(set(prediction[mine].tolist()))
        np.testing.assert_allclose(found.errors[at], (1 - p_label[mine]).sum(), atol=1e-5)
    assert set(found.label.tolist()) == set(label.tolist())
    by_count = found.wrong[found.order("count")]
    assert (np.diff(by_count) <= 0).all()
    assert (np.diff(found.errors[found.order("errors")]) <= 0).all()


@given(ROWS)
def test_expected_errors_are_sums_of_cells(rows):
    _, _, p_label, _, table, cell, _ = arrays(rows)
    want = [(1 - p_label[cell == c].astype(float)).sum() for c in range(len(table))]
    np.testing.assert_allclose(expected_errors(p_label, table.start), want, atol=1e-6)


@given(ROWS, st.permutations(range(5)))
def test_cells_of_a_label_put_the_correct_one_first(rows, order):
    label, prediction, _, decided, table, _, open_count = arrays(rows)
    counts = Counter(zip(label[~decided].tolist(), prediction[~decided].tolist(), strict=True))
    got = cells_of_labels(table, open_count, np.array(order))
    pairs = [(int(table.label[c]), int(table.prediction[c])) for c in got]
    assert sorted(pairs) == sorted(counts)
    assert [a for a, _ in pairs] == sorted((a for a, _ in pairs), key=list(order).index)
    for name in set(label.tolist()):
        mine = [pair for pair in pairs if pair[0] == name]
        wrong = [counts[pair] for pair in mine if pair[0] != pair[1]]
        assert wrong == sorted(wrong, reverse=True)
        assert all(pair[0] != pair[1] for pair in mine[1:])


def test_equal_rows_go_by_what_is_open_then_by_label():
    def ordered(wrong, errors, opened):
        one = np.array
        rows = LabelRows(np.arange(3), one(opened), one(wrong), one(errors), np.ones(3, int))
        return [rows.order(by).tolist() for by in ("count", "errors")]

    assert ordered([1, 1, 1], [2.0, 2.0, 2.0], [5, 9, 9]) == [[1, 2, 0], [1, 2, 0]]
    assert ordered([1, 2, 1], [2.0, 1.0, 3.0], [5, 5, 5]) == [[1, 2, 0], [2, 0, 1]]
    assert ordered([1, 2, 1], [2.0, 2.0, 2.0], [9, 5, 7]) == [[1, 0, 2], [1, 0, 2]]


def test_rounding_leaves_no_negative_number_of_errors():
    zero, one = np.zeros(1, np.int32), np.ones(1, np.float32)
    table = cell_table(zero, zero, one, one, 2)
    found = label_rows(table, np.zeros(1, np.int64), np.array([-1e-13]))
    assert found.errors.tolist() == [0.0]


@given(ROWS, st.integers(1, 4))
def test_first_rows_are_the_first_that_are_shown(rows, most):
    _, _, _, decided, table, cell_of, _ = arrays(rows)
    cells = np.arange(len(table))[::-1]
    cell, row = first_rows(table, ~decided, cells, most)
    assert list(dict.fromkeys(cell.tolist())) == [
        c for c in cells if (~decided)[cell_of == c].any()
    ]
    for at in cells:
        mine = [i for i in np.flatnonzero(cell_of == at).tolist() if not decided[i]]
        assert row[cell == at].tolist() == mine[:most]
