"""What others change in a dataset is noticed sample by sample, and a run's own writing is not."""

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from plugin.classify.job import complete_fields
from plugin.decisions import outside_changes as module
from plugin.decisions.deleted_samples import DeletedSamples
from plugin.decisions.outside_changes import OutsideChanges, outside_changes
from plugin.decisions.resolve import resolve
from plugin.decisions.state import DELETED, current_state
from plugin.decisions.undo import undo
from plugin.progress import silent
from plugin.store.runs import Run
from plugin.store.write_fields import write_numbers, write_scores
from tests.plugin.decided import ids_of, make_run

NONE = OutsideChanges(added=0, deleted=0, relabelled=0)


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(60)
    iteration = made.iteration()
    write_scores(made, iteration, iteration.cells.count, silent)
    yield made
    made.dataset.delete()


def changes(run: Run) -> OutsideChanges:
    return outside_changes(run, current_state(run))


def relabel(run: Run, sample_id: str, label: str) -> None:
    sample: Any = run.dataset[sample_id]
    sample[run.label_field].label = label
    sample.save()


def test_labels_that_two_samples_swap_are_noticed(run: Run) -> None:
    assert changes(run) == NONE
    labels = dict(zip(*run.dataset.values(["id", f"{run.label_field}.label"]), strict=True))
    a = next(iter(labels))
    b = next(i for i, label in labels.items() if label != labels[a])
    relabel(run, a, labels[b])
    relabel(run, b, labels[a])
    assert changes(run) == OutsideChanges(added=0, deleted=0, relabelled=2)
    relabel(run, a, labels[a])
    assert changes(run).relabelled == 1
    run.dataset.delete_samples([b])
    assert changes(run) == OutsideChanges(added=0, deleted=1, relabelled=0)
    module._seen.cache_clear()
    assert changes(run) == OutsideChanges(added=0, deleted=1, relabelled=0)


def test_decisions_and_later_numbers_are_no_changes_from_outside(run: Run) -> None:
    ids = ids_of(run)
    resolve(run, "relabel", ids[:5], label="dog")
    resolve(run, "remove", ids[5:9])
    assert changes(run) == NONE
    undo(run)
    assert changes(run) == NONE
    iteration = run.iteration()
    numbers = iteration.column("p_max")
    write_numbers(run, "disagreement", iteration.column("sample_id"), numbers, silent)
    assert changes(run) == NONE


def test_one_added_and_one_deleted_do_not_cancel_out(run: Run) -> None:
    run.dataset.delete_samples(ids_of(run)[:1])
    label = fo.Classification(label="dog")
    run.dataset.add_sample(fo.Sample(filepath="/new.png", **{run.label_field: label}))
    assert changes(run) == OutsideChanges(added=1, deleted=1, relabelled=0)


def test_deleted_samples_are_open_nowhere_and_are_looked_for_only_when_some_are_gone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, ids = current_state(run), ids_of(run)
    looked: list[int] = []
    look = DeletedSamples._look
    monkeypatch.setattr(DeletedSamples, "_look", lambda s, r: looked.append(1) or look(s, r))
    resolve(run, "remove", ids[:3])
    undo(run)
    resolve(run, "confirm", ids[3:5])
    assert current_state(run).counts()["open"] == 58
    assert not looked
    run.dataset.delete_samples([ids[0], ids[3], ids[9], ids[10]])  # the second was confirmed
    state = current_state(run)
    gone = np.sort(run.iteration().rows_of([ids[0], ids[9], ids[10]]))
    assert np.flatnonzero(state.kind == DELETED).tolist() == gone.tolist()
    assert len(state.deleted) == 4
    counts = state.counts()
    assert (counts["samples"], counts["open"], counts["reviewed"]) == (57, 55, 2)
    assert counts["by_kind"]["confirmed"] == 2
    taken = before.open_count - state.open_count
    assert taken.sum() == 5
    assert (state.open_histogram.sum(axis=1) == state.open_count).all()
    assert state.decided([ids[0], ids[3]]) == {ids[3]: "confirmed"}
    resolve(run, "remove", ids[20:22])
    assert current_state(run).counts()["open"] == 53
    undo(run)
    assert current_state(run).counts()["open"] == 55
    assert len(looked) == 1
    undo(run)  # what is gone cannot be opened again
    assert current_state(run).counts()["open"] == 56


def test_edits_of_other_fields_are_no_new_labels(run: Run) -> None:
    sample: Any = run.dataset.first()
    sample.tags.append("seen")
    sample.save()
    assert changes(run) == NONE


def test_what_changed_before_a_late_writing_is_noticed() -> None:
    run = make_run(60)
    gone, other = ids_of(run)[:2]
    relabel(run, other, "by hand")
    run.dataset.delete_samples([gone])
    assert complete_fields(run)
    assert changes(run) == OutsideChanges(added=0, deleted=1, relabelled=1)
    resolve(run, "confirm", ids_of(run)[:5])
    assert changes(run).deleted == 1
    run.dataset.delete()
