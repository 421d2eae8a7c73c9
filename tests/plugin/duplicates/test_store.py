"""Near-duplicates as rows of an iteration: what is left out, and what touches a cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.duplicates import row_pairs
from plugin.duplicates.pairs import pairs_in_scope
from plugin.duplicates.row_pairs import pairs_of_rows
from plugin.duplicates.store import KeptDuplicates
from plugin.store.iterations import pack_ids
from tests.plugin.duplicates.test_pairs import found


class Columns:
    """Columns in memory, read like those of a comparison or an iteration."""

    def __init__(self, **columns: Any):
        self.columns = columns
        self.samples = len(columns["prediction"])

    def column(self, name: str) -> Any:
        return self.columns[name]


def compared(first: list[int], near: Any, ses: Any, ids: list[str]) -> KeptDuplicates:
    order = np.argsort(-np.array(ses), kind="stable")
    columns = {
        "sample_id": pack_ids(ids),
        "first_copy": np.array(first),
        "near": np.array(near, np.int64).reshape(-1, 2)[order],
        "ses": np.array(ses, float)[order],
    }
    kept = KeptDuplicates({"_id": 0, "samples": len(ids), "floor": 0.5})
    kept.column = columns.__getitem__  # type: ignore[method-assign]
    return kept


@settings(max_examples=200)
@given(found(), st.randoms(), st.sampled_from([0.5, 0.8, 0.9]))
def test_rows_are_those_of_the_iteration(case: Any, random: Any, threshold: float) -> None:
    first, near, ses, group = case
    count = len(first)
    ids = [f"{i:024x}" for i in random.sample(range(1000), count)]
    kept = compared(first, near, ses, ids)
    place = random.sample(range(count), count)  # the row of each compared image
    prediction = np.zeros(count, np.int32)
    prediction[place] = np.maximum(group, 0)
    sorted_ids = np.sort(pack_ids(ids))
    rows = {i: place[ids.index(i)] for i in ids}
    texts = sorted(ids)
    iteration: Any = Columns(
        prediction=prediction,
        id_sorted=sorted_ids,
        id_row=np.array([rows[i] for i in texts], np.int32),
    )
    left_out = np.zeros(count, bool)
    left_out[place] = np.array(group) < 0
    high = [k for k, value in enumerate(ses) if value >= threshold]
    expected = pairs_in_scope(
        np.array([near[k] for k in high], np.int64).reshape(-1, 2),
        np.array([ses[k] for k in high]),
        np.array(first),
        np.array(group),
    )
    wanted = {
        (frozenset(place[i] for i in pair), value)
        for pair, value in zip(expected.pair.tolist(), expected.ses.tolist(), strict=True)
    }
    listed = pairs_of_rows(kept, iteration, threshold, "same_prediction", left_out)
    assert _as_set(listed) == wanted
    assert len(listed.ses) == len(wanted)
    cell = slice(0, random.randint(1, count))
    near_cell = pairs_of_rows(kept, iteration, threshold, "same_prediction", left_out, cell)
    assert {p for p in _as_set(near_cell) if min(p[0]) < cell.stop} == {
        p for p in wanted if min(p[0]) < cell.stop
    }
    row_pairs.rows_of_compared.cache_clear()
    row_pairs._predictions.cache_clear()


def _as_set(pairs: Any) -> set[Any]:
    return {
        (frozenset(pair), value)
        for pair, value in zip(pairs.pair.tolist(), pairs.ses.tolist(), strict=True)
    }
