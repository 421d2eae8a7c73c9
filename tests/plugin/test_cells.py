"""Cells, their counts and IIES histograms, against loops."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.scoring.cells import HISTOGRAM_BINS, CellTable, cell_table, histogram_bin
from plugin.scoring.measures import cies, iies

seeds = st.integers(0, 2**32 - 1)
Made = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]


def made(seed: int) -> Made:
    """Label, prediction, max p, p[label] and the number of classes, sorted into cells."""
    generator = np.random.default_rng(seed)
    n, classes = int(generator.integers(0, 60)), int(generator.integers(2, 7))
    p = generator.dirichlet(np.full(classes, 0.5), n).astype(np.float32)
    label = generator.integers(classes, size=n).astype(np.int32)
    prediction = p.argmax(1).astype(np.int32)
    order = np.lexsort((prediction, label))
    p_label = p[np.arange(n), label]
    return label[order], prediction[order], p.max(1)[order], p_label[order], classes


def table_of(made: Made) -> CellTable:
    return cell_table(*made)


@given(seeds)
def test_counts_are_cies_and_empty_cells_are_left_out(seed: int) -> None:
    label, prediction, _, _, classes = rows = made(seed)
    table = table_of(rows)
    expected = cies(label, prediction, classes)
    assert len(table) == np.count_nonzero(expected)
    for at in range(len(table)):
        assert table.count[at] == expected[table.label[at], table.prediction[at]]


@given(seeds)
def test_the_rows_of_a_cell_hold_its_pair_and_no_others_do(seed: int) -> None:
    label, prediction, _, _, classes = rows = made(seed)
    table = table_of(rows)
    for lbl in range(classes):
        for cls in range(classes):
            expected = np.flatnonzero((label == lbl) & (prediction == cls)).tolist()
            assert list(range(len(label)))[table.rows_of(lbl, cls)] == expected
            assert (table.index_of(lbl, cls) is None) == (not expected)


def slow_bin(score: float, classes: int) -> int:
    low = Fraction(1, classes)
    return min(int((Fraction(score) - low) / (1 - low) * HISTOGRAM_BINS), HISTOGRAM_BINS - 1)


@given(seeds)
def test_histograms_count_each_sample_of_the_cell_once(seed: int) -> None:
    label, _, p_max, p_label, classes = rows = made(seed)
    table = table_of(rows)
    score = iies(p_max, p_label)
    for at in range(len(table)):
        expected = [0] * HISTOGRAM_BINS
        for x in range(*table.rows_of(table.label[at], table.prediction[at]).indices(len(label))):
            expected[slow_bin(float(score[x]), classes)] += 1
        assert table.histogram[at].tolist() == expected


@pytest.mark.parametrize("classes", [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 100, 1000])
def test_the_bin_of_agreement_is_exact(classes: int) -> None:
    assert histogram_bin([0.5], classes).tolist() == [slow_bin(0.5, classes)]


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_bins_run_from_one_over_the_classes_to_one(classes: int) -> None:
    assert histogram_bin([1 / classes, 1.0], classes).tolist() == [0, HISTOGRAM_BINS - 1]
    assert histogram_bin([0.0], classes).tolist() == [0]


def test_no_samples_make_no_cells() -> None:
    none = np.empty(0, np.int32)
    table = cell_table(none, none, none.astype(np.float32), none.astype(np.float32), 3)
    assert len(table) == 0
    assert table.start.tolist() == [0]
    assert table.rows_of(0, 0) == slice(0, 0)
