"""What a preview says of a file of decisions is what the import then does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import fiftyone as fo
import pytest

from plugin.decisions.exchange import export_decisions, import_decisions
from plugin.decisions.journal import applied_headers
from plugin.decisions.resolve import resolve
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.store.runs import Run
from tests.plugin.decided import ids_of, make_run
from tests.plugin.decisions.test_exchange import clone
from tests.plugin.previewed import previewed

pytestmark = pytest.mark.slow


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(9)
    yield made
    made.dataset.delete()


def decide_at_random(run: Run, ids: list[str], chance: random.Random, times: int) -> None:
    for _ in range(times):
        some = chance.sample(ids, min(len(ids), chance.randint(1, 3)))
        act = chance.choice(["relabel", "relabel", "confirm", "tag", "remove", "undo", "undo"])
        with suppress(InputError):
            if act == "undo":
                undo(run, str(chance.choice(applied_headers(run))["_id"]))
            elif act == "relabel":
                resolve(run, act, some, label=chance.choice(["ant", "bee", "dog"]))
            else:
                resolve(run, act, some, tag="odd" if act == "tag" else None)


@pytest.mark.parametrize("seed", range(5))
def test_a_preview_of_anything_is_what_is_done(
    run: Run, copies: list[fo.Dataset], tmp_path: Path, seed: int
) -> None:
    chance, ids = random.Random(seed), ids_of(run)
    root = None if seed % 2 else "/elsewhere"
    options = {"old_root": f"/nowhere/{run.dataset.name}", "new_root": root} if root else {}
    other = clone(run, copies, root)
    here = ids_of(other)
    other.dataset.delete_samples(here[:1])
    strange = other.dataset[here[1]]
    strange["ground_truth"].label = "outside"
    strange.save()
    for number in range(3):
        resolve(run, "confirm", ids[-1:])
        decide_at_random(run, ids, chance, 12)
        export_decisions(run, tmp_path / f"{number}.csv")
        made = previewed(import_decisions)(other, tmp_path / f"{number}.csv", **options)
        assert made.decisions + made.already_here + len(made.refused) > 0
        decide_at_random(other, ids_of(other)[2:], chance, 3)
