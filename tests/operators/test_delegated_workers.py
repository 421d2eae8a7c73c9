"""Label errors found by delegated workers, real processes: the same to the last bit."""

import hashlib
import importlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pytest

from plugin.duplicates.store import load_duplicates
from plugin.store.columns import BUCKET
from plugin.store.runs import load_run
from tests.conftest import DatasetFactory
from tests.operators.launched import Launched
from tests.panels.made_runs import write_iteration

TRAINING: dict[str, Any] = {"source": "train", "folds": 3, "epochs": 2, "duplicates": False}
FEATURES: dict[str, Any] = {"source": "features", "image_size": 64, "duplicates": False}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Launched]]:
    fo.list_datasets()  # starts the database
    folder = tmp_path_factory.mktemp("launched")
    both = [
        Launched(folder / f"{i}.log", {"DECONFUSE_CACHE_DIR": str(folder / f"cache{i}")})
        for i in range(2)
    ]
    for worker in both:
        worker.ready()
    yield both
    for worker in both:
        worker.kill()


def module(found: Any, name: str) -> Any:
    """A module of the plugin as FiftyOne has loaded it."""
    package = type(found).__module__.partition(".operators.")[0]
    return importlib.import_module(f"{package}.plugin.{name}")


def columns(dataset: Any, run_key: str) -> dict[str, str]:
    """A digest of each column of the last iteration, by name."""
    iteration = load_run(dataset, run_key).iteration()
    return {
        name: hashlib.blake2b(iteration.column(name).tobytes()).hexdigest()
        for name in iteration.document["columns"]
    }


def searched(found: Any, samples: Any, patch: pytest.MonkeyPatch, workers: str) -> dict[str, Any]:
    """A digest of each column of near-duplicates that ``workers`` found in parts."""
    spread = module(found, "duplicates.spread_comparison")
    sizes = {"LOOKED_AT": 60, "PIECE_IMAGES": 60, "JUDGED_VALUES": 1 << 16, "WORTH_VALUES": 1 << 15}
    for name, value in sizes.items():
        patch.setattr(spread, name, value)
    draw = np.random.default_rng(4)
    p = draw.random((len(samples), 10))
    run, _ = write_iteration(samples, p, [str(i) for i in range(10)], p[:, :4], key=workers)
    result = found(samples, workers, workers=workers)
    assert result["worked_by"].startswith("" if workers == "local" else "Worked on in parts by 2")
    kept = load_duplicates(run)
    assert kept is not None
    assert len(kept.near) > 20
    return {
        name: hashlib.blake2b(kept.column(name).tobytes()).hexdigest()
        for name in kept.document["columns"]
    }


def traces(dataset: Any) -> dict[str, int]:
    """What is left of parts in the database."""
    database = foo.get_db_conn()
    names = ("deconfuse.works", "deconfuse.parts", "deconfuse.workers", "delegated_ops")
    left = {name: database[name].count_documents({}) for name in names}
    left["columns"] = database[f"{BUCKET}.files"].count_documents(
        {"metadata.part": {"$exists": True}}
    )
    return {name: count for name, count in left.items() if count}


@pytest.mark.parametrize("options", [TRAINING, FEATURES], ids=["training", "features"])
def test_the_same_to_the_last_bit(
    workers: list[Launched],
    dataset: DatasetFactory,
    operator: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: dict[str, Any],
) -> None:
    found, samples = operator("find_label_errors"), dataset(200)
    monkeypatch.setattr(module(found, "classify.spread_training"), "PIECE_IMAGES", 60)
    monkeypatch.setattr(module(found, "vectors.spread_features"), "PART_IMAGES", 40)
    monkeypatch.setattr(module(found, "classify.spread_heads"), "WORTH_ROWS", 0)
    monkeypatch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path / "here"))
    found(samples, "ground_truth", "here", **options)
    monkeypatch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path / "elsewhere"))
    result = found(samples, "ground_truth", "elsewhere", workers="delegated", **options)
    assert "in parts by 2 workers" in result["chosen"]
    assert columns(samples, "here") == columns(samples, "elsewhere")
    assert traces(samples) == {}


def test_near_duplicates_are_the_same_to_the_last_bit(
    workers: list[Launched],
    dataset: DatasetFactory,
    operator: Callable[[str], Any],
    context: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, samples = operator("find_duplicates"), dataset(200, scale=2)
    here = searched(found, samples, monkeypatch, "local")
    assert searched(found, samples, monkeypatch, "delegated") == here
    assert traces(samples) == {}
    ctx = context(samples, "find_duplicates", run_key="local", workers="delegated")
    ctx.params["show_advanced"], ctx.executor = True, None  # as where the App asks for a form
    made = found.resolve_input(ctx).type.properties["workers"]
    labels = [choice.label for choice in made.view.choices]
    assert "Use the 2 delegated workers that answered" in labels
    assert traces(samples) == {}


def test_one_that_is_killed_is_replaced_by_whoever_is_left(
    workers: list[Launched],
    dataset: DatasetFactory,
    operator: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last test of this file: one of the two is no more afterwards."""
    found, samples = operator("find_label_errors"), dataset(100)
    store, killed = module(found, "workers.store"), list[int]()
    look_at, pids = store.look_at, {worker.process.pid for worker in workers}

    def looked_at(ids: Any) -> Any:
        parts = look_at(ids)
        for part in parts:
            if not killed and part["state"] == "taken" and part["kind"] == "fold":
                killed.append(part["process"]["pid"])
                os.kill(part["process"]["pid"], signal.SIGKILL)
        return parts

    found(samples, "ground_truth", "here", **TRAINING)
    monkeypatch.setattr(store, "look_at", looked_at)
    found(samples, "ground_truth", "elsewhere", workers="delegated", **TRAINING)
    assert killed
    assert killed[0] in pids
    assert columns(samples, "here") == columns(samples, "elsewhere")
    assert traces(samples) == {}
