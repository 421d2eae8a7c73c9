"""The field {run}_cies after decisions: the count of the sample's cell, none on decided samples."""

from collections.abc import Iterator
from typing import Any

import pytest

from plugin.decisions import cies_field
from plugin.decisions.cies_field import follow_cies
from plugin.decisions.journal import applied_headers
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.progress import silent
from plugin.store.iterations import unpack_ids
from plugin.store.runs import Run
from plugin.store.write_fields import write_scores
from tests.plugin.decided import all_raw, ids_of, make_run


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(60)
    iteration = made.iteration()
    write_scores(made, iteration, iteration.cells.count, silent)
    yield made
    made.dataset.delete()


def expected(run: Run) -> dict[str, int | None]:
    state = current_state(run)
    ids = unpack_ids(state.iteration.column("sample_id"))
    cells = state.cell_of(state.iteration.rows_of(ids))
    return {
        i: None if kind else int(state.open_count[cell])
        for i, kind, cell in zip(ids, state.kind, cells, strict=True)
        if kind != 3  # removed
    }


def shown(run: Run) -> dict[str, int | None]:
    values: Any = run.dataset.values(["id", "deconfuse_cies"])
    return dict(zip(*values, strict=True))


def test_the_field_follows_every_decision(run: Run) -> None:
    ids, before = ids_of(run), all_raw(run)
    assert shown(run) == expected(run)
    actions: Any = (("relabel", {"label": "dog"}), ("confirm", {}), ("remove", {}))
    for action, extra in actions:
        resolve(run, action, ids[:9], **extra)
        assert shown(run) == expected(run) != {}
        undo(run)
        assert shown(run) == expected(run)
        assert all_raw(run) == before


def test_an_older_number_that_comes_back_is_brought_up_to_date(run: Run) -> None:
    ids = ids_of(run)
    first = resolve(run, "confirm", ids[:9])
    resolve(run, "confirm", ids[9:30])
    undo(run, first.decision)
    assert shown(run) == expected(run)


def test_much_is_written_in_a_thread(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cies_field, "ROWS_AT_ONCE", 0)
    resolve(run, "confirm", ids_of(run)[:9])
    thread = follow_cies(run, applied_headers(run)[-1]["_id"])
    assert thread is not None
    thread.join()
    assert shown(run) == expected(run)


def test_decisions_in_quick_succession_are_written_together(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cies_field, "ROWS_AT_ONCE", 0)
    monkeypatch.setattr(cies_field, "PAUSE_SECONDS", 0.5)
    written: list[int] = []
    write_cell = cies_field._write_cell

    def noted(run: Run, state: Any, cell: int) -> None:
        written.append(cell)
        write_cell(run, state, cell)

    monkeypatch.setattr(cies_field, "_write_cell", noted)
    ids, threads = ids_of(run), set()
    for at in range(0, 9, 3):
        resolve(run, "confirm", ids[at : at + 3])
        threads.add(follow_cies(run, applied_headers(run)[-1]["_id"]))
    for thread in threads:
        assert thread is not None
        thread.join()
    assert shown(run) == expected(run)
    if len(threads) == 1:  # a machine that took longer than the pause has more
        assert len(written) == len(set(written))


def test_too_much_is_left_to_the_next_iteration(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shown(run)
    monkeypatch.setattr(cies_field, "MOST_ROWS", 0)
    resolve(run, "confirm", ids_of(run)[:9])
    assert shown(run) == before | dict.fromkeys(ids_of(run)[:9])
