"""What a run keeps is its own: not another run's on the dataset, nor its twin's elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from bson import ObjectId

from plugin.annotation import store as annotations
from plugin.annotation.store import Sent
from plugin.audit import store as audits
from plugin.audit.audits import draw_audit, open_audit
from plugin.audit.checks import draw_check, give_check
from plugin.decisions.journal import applied_headers
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.duplicates.dismissed import dismissed_groups
from plugin.duplicates.store import COLUMNS, load_duplicates, storing
from plugin.errors import InputError
from plugin.importance import store as importance_rounds
from plugin.importance.store import KeptRound
from plugin.runs.versions import versions
from plugin.store import current_jobs, jobs
from plugin.store.iterations import unpack_ids
from plugin.store.runs import Run, create_run, delete_run
from plugin.store.scores import rank_id, read_rank, write_rank
from tests.plugin.decided import ids_of, make_iteration, make_run

N = 30


@pytest.fixture(scope="module")
def runs() -> Iterator[tuple[Run, list[Run]]]:
    """A run, and the two that are most like it: both have an iteration, and nothing else."""
    mine = make_run(N)
    beside = create_run(mine.dataset, "beside", mine.label_field)
    make_iteration(beside)
    elsewhere = make_run(N)
    yield mine, [beside, elsewhere]
    mine.dataset.delete()
    elsewhere.dataset.delete()


def keep_duplicates(run: Run) -> None:
    columns = {name: np.zeros(2) for name in COLUMNS}
    with storing(run) as keep:
        keep(columns, {"samples": 2, "floor": 0.8, "threshold": 0.9, "scope": "all"})


def keep_round(run: Run) -> None:
    made = KeptRound(1, "", "label_aware", 3, 2, 0.9, [0.9], [])
    importance_rounds.keep_round(run, run.iteration(), made)


def send(run: Run) -> None:
    sent = [Sent(ObjectId(ids_of(run)[0]), "ant", None)]
    annotations.keep_annotation(run, "same_key", "cvat", "hidden", ["ant"], sent)


KEPT: dict[str, tuple[Callable[[Run], object], Callable[[Run], Any]]] = {
    "rank": (
        lambda run: write_rank(run, run.iteration(), "importance", np.ones(N)),
        lambda run: (
            rank_id(run, run.iteration(), "importance") is None,
            read_rank(run, run.iteration(), "importance") is None,
        ),
    ),
    "round": (keep_round, importance_rounds.kept_rounds),
    "handed out": (
        lambda run: importance_rounds.hand_out(run, ids_of(run)[:3]),
        lambda run: importance_rounds.handed_out(run).tolist(),
    ),
    "target": (lambda run: audits.set_target(run, 0.7, 0.8), audits.target_of),
    "duplicates": (keep_duplicates, lambda run: load_duplicates(run) is None),
    "annotation": (
        send,
        lambda run: (
            annotations.annotations_of(run),
            list(annotations.sent_samples(run, "same_key")),
        ),
    ),
    "audit": (
        lambda run: draw_audit(run, 5),
        lambda run: (audits.load_audit(run, None) is None, len(audits.audits_of(run))),
    ),
    "keep all": (
        lambda run: resolve(run, "keep_all", ids_of(run)[3:5]),
        lambda run: (dismissed_groups(run, run.iteration()), len(applied_headers(run))),
    ),
    "decision": (
        lambda run: resolve(run, "confirm", ids_of(run)[:2]),
        lambda run: (current_state(run).counts(), len(applied_headers(run))),
    ),
}


@pytest.mark.parametrize("what", KEPT)
def test_what_a_run_keeps_shows_in_no_other(runs: tuple[Run, list[Run]], what: str) -> None:
    mine, others = runs
    keep, read = KEPT[what]
    before = [(str(read(other)), versions(other)) for other in others]
    own = str(read(mine))
    keep(mine)
    assert str(read(mine)) != own
    assert [(str(read(other)), versions(other)) for other in others] == before


def test_another_run_s_audit_and_check_are_refused_by_name(runs: tuple[Run, list[Run]]) -> None:
    mine, others = runs
    opened = open_audit(mine) or draw_audit(mine, 5)
    check, drawn = draw_check(mine, ids_of(mine), 4, becomes=None)
    assert audits.load_check(mine, check)["drawn"] is not None
    for other in others:
        with pytest.raises(InputError, match="has no audit"):
            open_audit(other, str(opened.record.id))
        with pytest.raises(InputError, match="has no check"):
            audits.load_check(other, check)
        with pytest.raises(InputError, match="has no check"):
            give_check(other, check, drawn[:1])
    assert audits.load_check(mine, check)["exceptions"] is None
    assert set(unpack_ids(opened.record.sample_id)) <= set(ids_of(mine))


def test_a_job_is_that_of_its_run(runs: tuple[Run, list[Run]]) -> None:
    mine, others = runs
    with jobs.Job(mine.dataset, mine.key, "Testing") as job:
        assert current_jobs.current_job(mine.dataset, mine.key) is not None
        for other in others:
            assert current_jobs.current_job(other.dataset, other.key) is None
            assert not current_jobs.cancel_job(other.dataset, other.key)
            with jobs.Job(other.dataset, other.key, "Testing beside"):
                pass
        job(0.5, "still there")
        assert current_jobs.current_job(mine.dataset, mine.key) is not None


def test_deleting_a_run_takes_nothing_from_the_others() -> None:
    gone = make_run(N)
    others = [create_run(gone.dataset, "beside", gone.label_field), make_run(N)]
    make_iteration(others[0])
    for run in (gone, *others):
        for keep, _ in KEPT.values():
            keep(run)
    before = [[str(read(run)) for _, read in KEPT.values()] for run in others]
    delete_run(gone)
    after = [[str(read(run)) for _, read in KEPT.values()] for run in others]
    assert after == before
    for run in others:
        run.iteration().column("suspicion")
        kept = load_duplicates(run)
        assert kept is not None
        assert len(kept.column("ses")) == 2
    others[1].dataset.delete()
    gone.dataset.delete()
