"""Workers and coordinators that die, stall, come late or lack something, in real processes."""

import hashlib
import os
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone.core.odm as foo
import numpy as np
import pytest
import torch

from plugin.classify import from_training, spread_heads, spread_training
from plugin.classify.job import find_label_errors
from plugin.classify.settings import Settings
from plugin.duplicates import spread_comparison, structure_features
from plugin.duplicates.job import find_duplicates
from plugin.duplicates.options import DuplicateOptions
from plugin.duplicates.store import load_duplicates
from plugin.errors import Cancelled, InputError
from plugin.learning import device
from plugin.processes import this_process
from plugin.progress import Report, Waiting, silent
from plugin.store.columns import BUCKET
from plugin.store.runs import Run, list_runs, load_run
from plugin.torch_threads import torch_threads
from plugin.vectors import spread_features
from plugin.vectors.named_networks import named_network
from plugin.vectors.spread_features import features_by
from plugin.workers import delegated, hello, steps, store, watch, work
from plugin.workers.part import Answer, Part
from tests.conftest import DatasetFactory
from tests.panels.made_runs import write_iteration
from tests.planted_copies import CLASSES, Pictures
from tests.plugin.forked import died, fork
from tests.plugin.workers.forked_workers import Forked, Once

pytestmark = pytest.mark.slow

TRAINING: dict[str, Any] = {"source": "train", "folds": 3, "epochs": 1, "image_size": 8}
FEATURES: dict[str, Any] = {"source": "features", "image_size": 32, "folds": 2}
STEPS = ("claimed", "computed", "written", "committed")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Small parts; and one thread, since there are no others after a fork."""
    monkeypatch.setattr(spread_training, "PIECE_IMAGES", 30)
    monkeypatch.setattr(spread_features, "PART_IMAGES", 30)
    monkeypatch.setattr(spread_heads, "WORTH_ROWS", 0)
    monkeypatch.setattr(device, "usual_threads", lambda: 1)
    monkeypatch.setattr(from_training, "usual_threads", lambda: 1)
    monkeypatch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """``find(samples, run_key, place=None, report=silent, **options)``."""

    def found(
        samples: Any,
        run_key: str,
        place: Forked | None = None,
        report: Report = silent,
        **options: Any,
    ) -> dict[str, Any]:
        if place is not None:
            monkeypatch.setattr("plugin.workers.delegated.Delegated", lambda: place)
            options["workers"] = "delegated"
        settings = Settings("ground_truth", run_key, duplicates=False, **options)
        return find_label_errors(samples, settings, report)

    return found


@pytest.fixture
def samples(dataset: DatasetFactory) -> Any:
    return dataset(90)


@pytest.fixture
def pictures(dataset_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs on 60 pictures, some of them copies and one of them damaged: ``pictures(run_key)``."""
    for module, name, value in (
        (spread_comparison, "LOOKED_AT", 60),
        (spread_comparison, "PIECE_IMAGES", 40),
        (spread_comparison, "DESCRIBED", 40),
        (structure_features, "_STEP", 40),
        (spread_comparison, "JUDGED_VALUES", 1 << 15),
        (spread_comparison, "WORTH_VALUES", 1 << 14),
    ):
        monkeypatch.setattr(module, name, value)
    (tmp_path / "pictures").mkdir()
    made = Pictures(dataset_name, tmp_path / "pictures", 30)
    for i in range(30):
        made.near(i % 24, CLASSES[i % 2], "test", f"near{i}.png")
    (made.folder / "7.png").write_bytes(b"damaged")
    p = np.random.default_rng(5).random((60, 2))

    def run(run_key: str) -> Run:
        features = p @ np.random.default_rng(6).random((2, 4))
        return write_iteration(made.dataset, p, CLASSES, features, key=run_key)[0]

    with torch_threads(1):
        yield run


def searched(run: Run, place: Any = None, report: Report = silent) -> Any:
    """A search for near-duplicates by workers of ``place``; None: here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plugin.workers.delegated.Delegated", lambda: place)
        options = DuplicateOptions(workers="local" if place is None else "delegated")
        return find_duplicates(run, options, report)


def pairs(run: Run) -> dict[str, Any]:
    """A digest of each column of near-duplicates, and what is kept beside them."""
    kept = load_duplicates(run)
    assert kept is not None
    found = {
        name: hashlib.blake2b(kept.column(name).tobytes()).hexdigest()
        for name in kept.document["columns"]
    }
    header = ("samples", "floor", "threshold", "compared_at", "colour", "skipped")
    return found | {name: kept.document[name] for name in header}


def columns(samples: Any, run_key: str) -> dict[str, str]:
    """A digest of each column of the last iteration, by name."""
    iteration = load_run(samples, run_key).iteration()
    return {
        name: hashlib.blake2b(iteration.column(name).tobytes()).hexdigest()
        for name in iteration.document["columns"]
    }


def traces() -> dict[str, int]:
    """What is left of parts in the database."""
    database = foo.get_db_conn()
    names = (store.WORKS, store.PARTS, store.WORKERS)
    left = {name: database[name].count_documents({}) for name in names}
    left["columns"] = database[f"{BUCKET}.files"].count_documents(
        {"metadata.part": {"$exists": True}}
    )
    return {name: count for name, count in left.items() if count}


@pytest.fixture(autouse=True)
def _leaves_nothing() -> Iterator[None]:
    yield
    assert traces() == {}


@pytest.mark.parametrize(
    ("options", "parts"), [(TRAINING, 3 + 3 + 2), (FEATURES, 3 + 2)], ids=["training", "features"]
)
def test_a_killed_worker_costs_its_part_alone(
    samples: Any,
    find: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    parts: int,
) -> None:
    """A worker is killed at each step of each part of each kind: 52 kills in both together."""
    once = Once(tmp_path / "died", STEPS)
    place = Forked(once)
    find(samples, "here", **options)
    monkeypatch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path / "another"))
    find(samples, "elsewhere", place, **options)
    assert Counter(name.split()[0] for name in once.died()) == dict.fromkeys(STEPS, parts)
    assert place.deaths == 4 * parts
    assert place.over
    assert columns(samples, "here") == columns(samples, "elsewhere")


def test_a_worker_that_is_killed_in_a_search_costs_its_part_alone(
    pictures: Callable[[str], Run], tmp_path: Path
) -> None:
    here, elsewhere = pictures("here"), pictures("elsewhere")
    result = searched(here)
    once = Once(tmp_path / "died", ("claimed", "written"))
    place = Forked(once)
    spread = searched(elsewhere, place)
    kinds = Counter(name.split(": ")[0] for name in once.died())
    asked = {"look": 1, "to compare": 2, "describe": 2}
    for step in ("claimed", "written"):
        assert {kind: kinds.pop(f"{step} {kind}") for kind in asked} == asked
    judged = kinds.pop("claimed judge")
    assert judged > 1
    assert kinds == {"written judge": judged}
    assert place.deaths == 2 * (5 + judged)
    assert place.over
    assert (result["pairs"] > 5, result["skipped_samples"][0]["filepath"][-5:]) == (True, "7.png")
    worked = r"Worked on in parts by 2 workers and \d+ that joined later\."
    assert re.fullmatch(worked, spread.pop("worked_by"))
    assert result.pop("worked_by") == ""
    assert spread == result | {"run_key": "elsewhere"}
    assert pairs(here) == pairs(elsewhere)


def test_a_search_whose_coordinator_was_killed_is_taken_up(
    pictures: Callable[[str], Run], tmp_path: Path
) -> None:
    here, elsewhere, once = pictures("here"), pictures("elsewhere"), Once(tmp_path / "died", ())

    def coordinate() -> None:
        def collected(step: str, part: str) -> None:
            if part.startswith("judge:"):
                os.kill(os.getpid(), signal.SIGKILL)

        steps.reached = collected
        searched(elsewhere, Forked(once))

    searched(here)
    assert died(fork(coordinate))
    assert load_duplicates(elsewhere) is None
    finished = {
        store.named(p) for p in store.parts().find({"state": "done", "kind": {"$ne": None}})
    }
    assert len(finished) >= 6
    searched(elsewhere, Forked(once))
    again = Counter(once.computed())
    assert {name: again[name] for name in finished} == dict.fromkeys(finished, 1)
    assert pairs(here) == pairs(elsewhere)


def test_new_images_are_searched_by_workers_too(
    pictures: Callable[[str], Run], tmp_path: Path
) -> None:
    dataset: Any = None
    for key in ("here", "elsewhere"):
        searched(run := pictures(key))
        dataset = run.dataset
    sample = dataset.first().copy()
    shutil.copy(sample.filepath, tmp_path / "new.png")
    sample.filepath = str(tmp_path / "new.png")
    dataset.add_sample(sample)
    found = []
    for key, place in (("here", None), ("elsewhere", Forked())):
        p = np.random.default_rng(5).random((61, 2))
        run = write_iteration(dataset, p, CLASSES, p, key=key)[0]
        result = searched(run, place)
        assert result["worked_by"] == ("Worked on in parts by 2 workers." if place else "")
        found.append((result["new"], pairs(run)))
    assert found[0][0] == 1
    assert found[0] == found[1]


def test_where_no_image_is_new_no_workers_are_asked(pictures: Callable[[str], Run]) -> None:
    place, asked = Forked(number=0), list[str]()  # nobody would answer
    result = searched(run := pictures("run"))
    kept = pairs(run)
    again = searched(run, place, lambda progress, label: asked.append(label))
    assert not any("Asking for workers" in label for label in asked)
    assert again.pop("worked_by").startswith("No workers were asked")
    assert result.pop("worked_by") == ""
    assert (again["pairs"], again["new"]) == (result["pairs"], 0)
    assert pairs(run) == kept


def test_a_worker_that_comes_back_late_changes_nothing(
    samples: Any, find: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SILENT_SECONDS", 2.5)
    stopped, late = tmp_path / "stopped", tmp_path / "late"

    def reached(step: str, part: str) -> None:
        mine = stopped.exists() and stopped.read_text() == str(os.getpid())
        if step == "computed" and part == "fold: Fold 1 of 3" and not stopped.exists():
            stopped.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGSTOP)
        elif step == "written" and mine:
            late.touch()

    class Woken(Forked):
        def tend(self, parts: Any) -> None:
            super().tend(parts)
            done = store.parts().find_one({"about": "Fold 1 of 3", "state": "done"})
            if stopped.exists() and done:
                os.kill(int(stopped.read_text()), signal.SIGCONT)

    find(samples, "here", **TRAINING)
    place = Woken(reached)
    find(samples, "elsewhere", place, **TRAINING)
    assert stopped.exists()
    assert place.over
    assert columns(samples, "here") == columns(samples, "elsewhere")


def test_a_run_whose_coordinator_was_killed_is_taken_up(
    samples: Any, find: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(samples, "here", **TRAINING)
    once = Once(tmp_path / "died", ())

    def coordinate() -> None:
        seen: list[str] = []

        def collected(step: str, part: str) -> None:
            seen.append(part)
            if part.startswith("fold:") and len(seen) == 5:
                os.kill(os.getpid(), signal.SIGKILL)

        steps.reached = collected
        find(samples, "elsewhere", Forked(once), **TRAINING)

    assert died(fork(coordinate))
    assert "elsewhere" not in list_runs(samples)
    finished = {
        store.named(p) for p in store.parts().find({"state": "done", "kind": {"$ne": None}})
    }
    assert len(finished) >= 5
    place = Forked(once)
    found = find(samples, "elsewhere", place, **TRAINING)
    before = re.search(r"\. (\d+) of the parts had been done before\.", found["chosen"])
    assert before
    assert int(before[1]) >= len(finished)  # a worker ends what it has begun
    again = Counter(once.computed())
    assert {name: again[name] for name in finished} == dict.fromkeys(finished, 1)
    assert columns(samples, "here") == columns(samples, "elsewhere")


@pytest.mark.parametrize("refused", ["nobody", "media", "cancelled"])
def test_a_call_that_begins_nothing_leaves_what_was_kept(
    samples: Any, find: Callable[..., Any], tmp_path: Path, refused: str
) -> None:
    once = Once(tmp_path / "died", ())

    def coordinate() -> None:
        def collected(step: str, part: str) -> None:
            if part.startswith("fold:"):
                os.kill(os.getpid(), signal.SIGKILL)

        steps.reached = collected
        find(samples, "run", Forked(once), **TRAINING)

    def report(progress: float | None, label: str) -> None:
        if refused == "cancelled" and label.startswith("Asking for workers"):
            raise Cancelled("by the test")

    assert died(fork(coordinate))
    done = {"state": "done", "kind": {"$ne": None}}
    finished = {store.named(part) for part in store.parts().find(done)}
    assert len(finished) >= 4
    place = Forked(once, int(refused != "nobody"), no_media if refused == "media" else lambda: None)
    with pytest.raises((InputError, Cancelled), match=r"Nothing was begun|by the test"):
        find(samples, "run", place, report, **TRAINING)
    assert traces().keys() == {store.PARTS, "columns"}
    find(samples, "run", Forked(once), **TRAINING)
    again = Counter(once.computed())
    assert {name: again[name] for name in finished} == dict.fromkeys(finished, 1)


def test_another_run_does_not_take_up_what_was_asked_otherwise(
    samples: Any, find: Callable[..., Any], tmp_path: Path
) -> None:
    def coordinate() -> None:
        def collected(step: str, part: str) -> None:
            if part.startswith("fold:"):
                os.kill(os.getpid(), signal.SIGKILL)

        steps.reached = collected
        find(samples, "run", Forked(), **TRAINING)

    assert died(fork(coordinate))
    find(samples, "here", **TRAINING, seed=4)
    find(samples, "run", Forked(), **TRAINING, seed=4)
    assert columns(samples, "here") == columns(samples, "run")


def test_cancel_reaches_every_worker_within_seconds(samples: Any, find: Callable[..., Any]) -> None:
    began: list[float] = []

    def report(progress: float | None, label: str) -> None:
        if "Training" in label and store.parts().find_one({"kind": "fold", "state": "taken"}):
            began.append(time.monotonic())
            raise Cancelled("by the test")

    place = Forked()
    with pytest.raises(Cancelled):
        find(samples, "run", place, report, **TRAINING | {"epochs": 500})
    assert time.monotonic() - began[0] < 8
    assert place.over
    assert place.deaths == 0
    assert "run" not in list_runs(samples)


def other_version() -> None:
    hello.plugin_version = lambda: "9.9.9"


def other_code() -> None:
    hello.code = lambda: "another"


def no_package() -> None:
    here = hello.packages()
    hello.packages = lambda: {**here, "umap-learn": None}


def other_package() -> None:
    here = hello.packages()
    hello.packages = lambda: {**here, "pillow": "1.0"}


def no_device() -> None:
    problem = hello.problem
    hello.problem = lambda needed: problem({**needed, "device": "no such thing"})


def no_media() -> None:
    hello.os = type("NoMedia", (), {"path": type("P", (), {"isfile": lambda path: False})})


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        (other_version, r"has version 9\.9\.9 of the plugin, and .* is needed"),
        (other_code, "has other code under the same version"),
        (no_package, "lacks the package umap-learn"),
        (other_package, r"has pillow 1\.0, and .* is needed"),
        (no_device, "has no device 'no such thing'"),
        (no_media, r"cannot open the media: '.*\.png' \(no such file\)"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_worker_that_lacks_something_says_so_before_anything_begins(
    samples: Any, find: Callable[..., Any], lacks: Callable[[], None], words: str
) -> None:
    collected: list[str] = []
    place = Forked(lambda step, part: collected.append(step), 1, lacks)
    with pytest.raises(
        InputError, match=rf"workers: .* \(process \d+\) {words}.*Nothing was begun"
    ):
        find(samples, "run", place, **TRAINING)
    assert "run" not in list_runs(samples)
    assert collected == []


def test_crops_and_unreadable_files_are_as_they_are_here(
    samples: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    paths = [path for path in samples.values("filepath") for _ in range(2)]
    paths[7], paths[40] = str(tmp_path / "missing.png"), str(tmp_path / "empty.png")
    Path(paths[40]).touch()
    draw = np.random.default_rng(3)
    boxes = np.concatenate([draw.random((180, 2)) / 3, 0.3 + draw.random((180, 2)) / 3], axis=1)
    network, cpu = named_network(None, None, 32), torch.device("cpu")

    def computed(workers: str, folder: str) -> Any:
        monkeypatch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path / folder))
        (tmp_path / folder).mkdir()
        owner = {"dataset_id": samples._doc.id, "run_key": "run"}
        given = (workers, owner, (None, None, 32), paths, network, cpu, tmp_path / folder, silent)
        return features_by(*given, boxes=boxes, windows={})

    rows, problems, said = computed("local", "here")
    monkeypatch.setattr("plugin.workers.delegated.Delegated", Forked)
    theirs, wrong, told = computed("delegated", "elsewhere")
    assert np.array_equal(rows, theirs)
    assert problems == wrong
    assert problems.keys() == {7, 40}
    assert (said, len(told)) == ([], 1)


def test_workers_that_are_busy_elsewhere_are_waited_for(
    samples: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SILENT_SECONDS", 0.2)
    owner, other = ({"dataset_id": samples._doc.id, "run_key": key} for key in ("run", "other"))
    place = delegated.Delegated()
    place.begin(store.begin_work(owner, {}), owner)
    assert place.greeted([], 61)
    busy = store.join(other, store.begin_work(other, {}), "busy", None)
    assert not place.greeted([], 61)
    time.sleep(0.3)
    store.beat_worker(busy)
    assert not place.greeted([], 61)
    time.sleep(0.3)
    assert place.greeted([], 61), "it is silent"
    place.end()
    store.clear_work(owner)
    store.clear_work(other)


def test_operations_of_dead_callers_are_taken_off_the_list_and_no_others(
    samples: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = foo.get_db_conn()[delegated.COLLECTION]
    monkeypatch.setattr(delegated, "SWEEP_SECONDS", 0.0)
    monkeypatch.setattr(delegated, "TEND_SECONDS", 0.0)

    def asked(name: str) -> tuple[Any, Any, dict[str, Any]]:
        owner, place = {"dataset_id": samples._doc.id, "run_key": name}, delegated.Delegated()
        place.begin(begun := store.begin_work(owner, {}), owner)
        return begun, place, owner

    def there() -> set[str]:
        found = listed.find({"context.request_params": {"$exists": True}})
        works = [d["context"]["request_params"]["params"]["work"] for d in found]
        return {name for name, (begun, *_) in named.items() if str(begun) in works}

    names = ("lives", "works", "killed", "silent", "ran", "gone")
    named = {name: asked(name) for name in names}
    assert there() == set(names)
    killed = {"$set": {"process": {**this_process(), "started": -1.0}}}
    for name in ("works", "killed", "ran"):
        store.works().update_one({"_id": named[name][0]}, killed)
    store.works().update_one({"_id": named["silent"][0]}, {"$set": {"process": None}})
    store.join(named["works"][2], named["works"][0], "at its last part", None)
    worker = store.join(named["ran"][2], named["ran"][0], "killed", None)
    store.workers().update_one({"_id": worker}, killed)
    states = {"killed": "completed", "ran": "running", "lives": "running", "gone": "failed"}
    for name, state in states.items():
        listed.update_many({"_id": {"$in": named[name][1]._calls}}, {"$set": {"run_state": state}})
    store.clear_work(named["gone"][2])
    by_hand = listed.insert_one({"operator": delegated.OPERATOR, "context": {}}).inserted_id
    named["next"] = asked("next")
    assert there() == {"lives", "works", "silent", "next"}
    monkeypatch.setattr(watch, "SILENT_SECONDS", 0.3)
    time.sleep(0.4)
    for name in ("lives", "works"):
        store.beat_work(named[name][0])
        store.workers().update_many({"work": named[name][0]}, {"$inc": {"beats": 1}})
    named["next"][1].tend([])
    assert there() == {"lives", "works", "next"}
    for _, place, owner in named.values():
        place.end()
        store.clear_work(owner)
    assert not there()
    assert listed.delete_one({"_id": by_hand}).deleted_count == 1


def test_where_all_workers_are_gone_a_sentence_says_so(samples: Any) -> None:
    told: list[str] = []

    class Leaving(Forked):
        def begin(self, work: Any, owner: Any) -> None:
            self.worker = store.join(owner, work, "leaves", None)

        def greeted(self, workers: Any, seconds: float) -> bool:
            store.leave(self.worker)
            return True

        def tend(self, parts: Any) -> None:
            pass

    def report(progress: float | None, label: str) -> None:
        told.append(label)
        raise Cancelled("by the test")

    owner = {"dataset_id": samples._doc.id, "run_key": "run"}
    with pytest.raises(Cancelled), work.Work(Leaving(), owner, {}, silent) as begun:
        list(begun.results([Part("fold", {})], report, "Training", total=lambda: 1))
    assert told == ["Training: 0 of 1 part done. No forked worker answers."]
    assert isinstance(told[0], Waiting)


def test_a_part_that_kills_every_worker_is_given_up(
    samples: Any, find: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MOST_DEATHS", 3)

    def reached(step: str, part: str) -> None:
        if step == "claimed" and part.endswith("Images 31 to 60"):
            os.kill(os.getpid(), signal.SIGKILL)

    place = Forked(reached)
    with pytest.raises(InputError, match="Images 31 to 60: 3 workers died"):
        find(samples, "run", place, **TRAINING)
    assert place.deaths == 3


def test_an_error_of_a_part_ends_the_run_in_its_words(
    samples: Any, find: Callable[..., Any]
) -> None:
    def fails() -> None:
        from plugin.classify import training_parts

        def broken(given: Any, report: Any) -> Answer:
            raise InputError("weights: cannot be had there")

        training_parts.fold = broken

    with pytest.raises(InputError, match="weights: cannot be had there"):
        find(samples, "run", Forked(prepare=fails), **TRAINING)


def test_whoever_is_late_changes_nothing(samples: Any) -> None:
    owner = {"dataset_id": samples._doc.id, "run_key": "run"}
    begun = store.begin_work(owner, {})
    (name,) = store.put(owner, begun, 0, [Part("decode", {"paths": []}, about="one")])
    slow = store.claim({"work": begun}, begun)
    assert slow is not None
    assert store.claim({"work": begun}, begun) is None
    store.reopen(slow)
    quick = store.claim({"work": begun}, begun)
    assert quick is not None
    assert not store.renew(slow, 0.5)
    assert store.renew(quick, 0.5)
    assert store.commit(quick, Answer({"a": np.arange(3)}, {"by": "quick"}))
    store.fail(slow, "late", by_input=True)
    assert not store.commit(slow, Answer({"a": np.zeros(3)}, {"by": "slow"}))
    (found,) = store.look_at([name])
    assert (found["state"], found["facts"]) == ("done", {"by": "quick"})
    assert work.Result(found).column("a").tolist() == [0, 1, 2]
    files = foo.get_db_conn()[f"{BUCKET}.files"]
    assert files.count_documents({"metadata.part": name}) == 1
    store.clear_work(owner)
