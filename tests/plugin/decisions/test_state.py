"""The current state: equal to counting anew, and the same in every process."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.decisions.changes import ACTIONS
from plugin.decisions.resolve import resolve
from plugin.decisions.state import RunState, _followers, current_state
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.scoring.cells import HISTOGRAM_BINS, histogram_bin
from plugin.scoring.iies import iies
from plugin.store.iterations import unpack_ids
from plugin.store.runs import Run, create_run
from tests.plugin.decided import ids_of, make_dataset, make_run
from tests.plugin.forked import died, fork


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    made = make_run(60)
    yield made
    made.dataset.delete()


def counted_anew(state: RunState, decided: set[str]) -> tuple[Any, Any]:
    """Counts and histograms of the open rows, from the columns and nothing else."""
    rows, cells = state.iteration.rows(), state.iteration.cells
    count = np.zeros(len(cells), int)
    histogram = np.zeros((len(cells), HISTOGRAM_BINS), int)
    bins = histogram_bin(iies(rows.p_max, rows.p_label), len(state.iteration.classes))
    for row, sample_id in enumerate(unpack_ids(rows.sample_id)):
        if sample_id not in decided:
            cell = cells.index_of(int(rows.label[row]), int(rows.prediction[row]))
            assert cell is not None
            count[cell] += 1
            histogram[cell, bins[row]] += 1
    return count, histogram


decisions = st.tuples(
    st.sampled_from([*ACTIONS, "undo", "undo"]), st.sets(st.integers(0, 59), min_size=1, max_size=9)
)


@settings(max_examples=12, deadline=None)
@given(st.lists(decisions, max_size=8))
def test_the_state_is_the_iteration_less_the_standing_decisions(
    run: Run, history: list[tuple[str, set[int]]]
) -> None:
    rows = current_state(run).iteration.rows()
    ids = sorted(unpack_ids(rows.sample_id))
    before = current_state(run)
    for action, chosen in history:
        try:
            if action == "undo":
                undo(run)
            else:
                extra: Any = {"relabel": {"label": "dog"}, "tag": {"tag": "t"}}.get(action, {})
                resolve(run, action, [ids[i] for i in chosen], **extra)
        except InputError:
            continue
    state = current_state(run)
    decided = state.decided(ids)
    check(state, set(decided), ids)
    _followers.clear()
    anew = current_state(run)
    assert anew.decided(ids) == decided
    assert np.array_equal(anew.open_count, state.open_count)
    assert np.array_equal(anew.open_histogram, state.open_histogram)
    assert anew.counts() == state.counts()
    while state.counts()["reviewed"]:
        undo(run)
        state = current_state(run)
    assert np.array_equal(state.open_count, state.iteration.cells.count)
    assert before.revision <= state.revision


def check(state: RunState, decided: set[str], ids: list[str]) -> None:
    count, histogram = counted_anew(state, decided)
    assert np.array_equal(state.open_count, count)
    assert np.array_equal(state.open_histogram, histogram)
    at = state.iteration.rows_of(sorted(decided))
    assert state.decided_rows().tolist() == sorted(at)
    assert state.decided_rows(10, 30).tolist() == sorted(r for r in at if 10 <= r < 30)
    counts = state.counts()
    assert counts["samples"] == len(ids)
    assert counts["reviewed"] == len(decided)
    assert counts["open"] == len(ids) - len(decided)
    off = state.iteration.cells.label != state.iteration.cells.prediction
    assert counts["misclassified_open"] == count[off].sum()
    assert sum(counts["by_kind"].values()) == len(decided)


def test_a_snapshot_does_not_change(run: Run) -> None:
    before = current_state(run)
    count, kind = before.open_count.copy(), before.kind.copy()
    resolve(run, "confirm", ids_of(run)[:5])
    after = current_state(run)
    assert after.revision > before.revision
    assert np.array_equal(before.open_count, count)
    assert np.array_equal(before.kind, kind)
    assert after.open_count.sum() == count.sum() - 5
    assert current_state(run) is after
    undo(run)


def test_another_process_s_decisions_are_seen(run: Run) -> None:
    ids = ids_of(run)
    current_state(run)
    assert not died(fork(lambda: resolve(run, "tag", ids[:4], tag="odd")))
    assert current_state(run).decided(ids) == dict.fromkeys(ids[:4], "tagged")

    def child() -> None:
        assert current_state(run).decided(ids) == dict.fromkeys(ids[:4], "tagged")
        undo(run)
        assert current_state(run).decided(ids) == {}

    assert not died(fork(child))
    assert current_state(run).decided(ids) == {}


def test_decisions_on_samples_that_the_iteration_does_not_hold(run: Run) -> None:
    import fiftyone as fo

    new = fo.Sample(filepath="/nowhere/later.png", ground_truth=fo.Classification(label="ant"))
    run.dataset.add_sample(new)
    resolve(run, "confirm", [new.id])
    state = current_state(run)
    assert state.decided([new.id, *ids_of(run)[:2]]) == {new.id: "confirmed"}
    assert state.counts()["by_kind"]["confirmed"] == 1
    assert state.counts()["reviewed"] == 0
    undo(run)
    assert current_state(run).decided([new.id]) == {}
    run.dataset.delete_samples([new.id])


def test_without_an_iteration_there_is_no_state() -> None:
    run = create_run(make_dataset(["ant"]), "deconfuse", "ground_truth")
    with pytest.raises(InputError, match="no iteration yet"):
        current_state(run)
    run.dataset.delete()
