"""Rankings: against sorting row by row, with thresholds, classes, views and decisions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from plugin.decisions.ranking import BARS, COMPUTED_BY, computed, open_rows, ranking
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.layout.store import keep_map
from plugin.store.iterations import Iteration
from plugin.store.runs import Run, sweep
from plugin.store.scores import write_rank
from tests.panels.made_runs import write_iteration
from tests.plugin.decided import make_dataset

CLASSES = ["ant", "bee", "cat"]
N = 60


@dataclass
class Made:
    dataset: fo.Dataset
    run: Run
    iteration: Iteration

    def column(self, name: str) -> Any:
        return self.iteration.column(name)

    def ranked(self, by: str, **options: Any) -> Any:
        found = ranking(self.run, self.iteration, by)
        assert found is not None
        return found, open_rows(found, current_state(self.run, self.iteration), **options)


@pytest.fixture
def made() -> Iterator[Made]:
    rng = np.random.default_rng(51)
    dataset = make_dataset([CLASSES[i % 3] for i in range(N)])
    run, iteration = write_iteration(dataset, rng.dirichlet([1, 1, 1], N), CLASSES)
    yield Made(dataset, run, iteration)
    dataset.delete()
    sweep()


def expected(made: Made, score: Any, keep: Any) -> list[int]:
    """Rows by falling score, one at a time; ties in the order of rows."""
    rows = [r for r in range(N) if keep[r] and np.isfinite(score[r])]
    return sorted(rows, key=lambda r: (-score[r], r))


def test_each_score_orders_the_rows_that_it_is_about(made: Made) -> None:
    rng = np.random.default_rng(3)
    wrong = made.column("label") != made.column("prediction")
    suspicion = made.column("suspicion")
    importance = rng.random(N).astype(np.float32)
    importance[rng.choice(N, 9, replace=False)] = np.nan
    votes = np.where(rng.random(N) < 0.6, rng.random(N), np.nan).astype(np.float32)
    quality, issue = rng.random(N).astype(np.float32), rng.random(N) < 0.3
    disagreement = rng.choice([0.0, 0.13, 0.29, 0.47, 1.0], N).astype(np.float32)
    keep_map(made.run, made.iteration, rng.random((N, 2)), disagreement)
    write_rank(made.run, made.iteration, "importance", importance)
    write_rank(made.run, made.iteration, "cleanlab_score", quality)
    write_rank(made.run, made.iteration, "cleanlab_issue", issue.astype(np.float32))
    write_rank(made.run, made.iteration, "vote_wrong", votes)
    every = np.ones(N, bool)
    for by, score, keep in (
        ("suspicion", suspicion, every),
        ("confidence", made.column("p_max"), wrong),
        ("importance", importance, every),
        ("disagreement", disagreement, every),
        ("cleanlab", 1 - quality, every),
        ("both", suspicion, issue),
        ("votes", votes, ~np.isnan(votes)),
    ):
        found, ranked = made.ranked(by)
        assert ranked.rows.tolist() == expected(made, score, keep), by
        assert ranked.open == len(ranked.rows) == ranked.bars.sum()
        assert found.lowest == pytest.approx(np.nanmin(score[keep]))
        assert found.highest == pytest.approx(np.nanmax(score[keep]))
        heights, _ = np.histogram(
            score[keep & np.isfinite(score)], BARS, (found.lowest, found.highest)
        )
        assert np.abs(ranked.bars - heights).sum() <= 2, by
    assert all(computed(made.run, made.iteration).values())


def test_what_was_not_computed_is_said(made: Made) -> None:
    there = computed(made.run, made.iteration)
    assert {name for name, known in there.items() if known} == {"suspicion", "confidence"}
    assert ranking(made.run, made.iteration, "importance") is None
    with pytest.raises(InputError, match=r"by must be one of suspicion, .*, got 'beauty'"):
        ranking(made.run, made.iteration, "beauty")


def test_a_score_that_is_computed_anew_is_ranked_anew(made: Made) -> None:
    values = np.arange(N, dtype=np.float32)
    write_rank(made.run, made.iteration, "importance", values)
    assert made.ranked("importance")[1].rows[0] == N - 1
    write_rank(made.run, made.iteration, "importance", -values)
    assert made.ranked("importance")[1].rows[0] == 0


def test_thresholds_keep_what_reaches_them(made: Made) -> None:
    p_max = made.column("p_max")
    wrong = made.column("label") != made.column("prediction")
    everything = made.ranked("confidence")[1]
    middle = float(p_max[everything.rows[5]])
    for above in (0.0, middle, float(np.nextafter(np.float32(middle), np.float32(1))), 1.1):
        ranked = made.ranked("confidence", above=above)[1]
        assert set(ranked.rows.tolist()) == set(
            np.flatnonzero(wrong & (p_max >= np.float32(above)))
        )
        assert ranked.open == everything.open
    for above in (float("nan"), float("inf"), "0.5", True):
        with pytest.raises(InputError, match="above must be a finite number"):
            made.ranked("confidence", above=above)


def test_one_class_alone(made: Made) -> None:
    label = made.column("label")
    for c in range(3):
        ranked = made.ranked("suspicion", label=c)[1]
        assert (label[ranked.rows] == c).all()
        assert len(ranked.rows) == ranked.open == (label == c).sum()
    for bad in (3, -1, "ant", True):
        with pytest.raises(InputError, match="label must be a class index below 3"):
            made.ranked("suspicion", label=bad)


def test_decided_rows_and_rows_outside_are_left_out(made: Made) -> None:
    first = made.ranked("suspicion")[1].rows.tolist()
    ids = [made.column("sample_id")[r].ljust(12, b"\0").hex() for r in first[:2]]
    resolve(made.run, "confirm", ids)
    after = made.ranked("suspicion")[1]
    assert after.rows.tolist() == first[2:]
    assert after.bars.sum() == N - 2
    undo(made.run)
    assert made.ranked("suspicion")[1].rows.tolist() == first
    inside = np.zeros(N, bool)
    inside[first[3:6]] = True
    assert made.ranked("suspicion", inside=inside)[1].rows.tolist() == first[3:6]


def test_nothing_to_rank(made: Made) -> None:
    write_rank(made.run, made.iteration, "importance", np.full(N, np.nan))
    found, ranked = made.ranked("importance", above=0.5)
    assert (found.lowest, found.highest) == (0.0, 1.0)
    assert len(ranked.rows) == ranked.open == ranked.bars.sum() == 0


def test_every_score_names_an_operator_of_the_plugin() -> None:
    import yaml

    from tests.conftest import ROOT

    names = yaml.safe_load((ROOT / "fiftyone.yml").read_text())["operators"]
    assert set(COMPUTED_BY.values()) <= {*names, "rank_by_importance"}
