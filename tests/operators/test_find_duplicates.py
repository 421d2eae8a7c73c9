"""``find_duplicates`` through FiftyOne: from Python, from the App, delegated, on bad input."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId
from fiftyone.core.odm import get_db_conn

from plugin.classify.job import find_label_errors
from plugin.classify.settings import Settings
from plugin.duplicates import store as kept_duplicates
from plugin.duplicates.fields import read_members
from plugin.duplicates.job import DuplicateOptions, complete_duplicate_fields, find_duplicates
from plugin.duplicates.store import load_duplicates
from plugin.errors import Cancelled
from plugin.images import digests
from plugin.progress import silent
from plugin.store.jobs import Job
from plugin.store.outcomes import outcomes_of
from plugin.store.runs import load_run
from tests.planted_copies import CLASSES, Pictures, changed, noise
from tests.plugin.forked import died, fork
from tests.traces import database_of, temporary

pytestmark = pytest.mark.slow

URI = "@deconfuse/label-errors/find_duplicates"


@pytest.fixture
def pictures(dataset_name: str, tmp_path: Path) -> Pictures:
    return Pictures(dataset_name, tmp_path)


def test_pairs_conflicts_and_leaks_are_found(pictures: Pictures, operator: Any) -> None:
    exact = pictures.add(noise(0), "cat", "train", "exact.png")
    leak = pictures.near(1, "dog", "test", "leak.png")
    conflict = pictures.near(2, "dog", "train", "conflict.png")
    pictures.classify({conflict: "cat"})
    result = operator("find_duplicates")(pictures.dataset)
    assert {k: result[k] for k in ("pairs", "groups", "samples", "leaks", "conflicts")} == {
        "pairs": 3,
        "groups": 3,
        "samples": 6,
        "leaks": 1,
        "conflicts": 1,
    }
    assert (result["exact_copies"], result["compared"], result["new"]) == (1, 43, 43)
    assert (result["scope"], result["skipped"]) == ("same_prediction", {})
    assert 0.75 <= result["lowest"] <= result["threshold"] <= 0.98
    found = pictures.dataset
    assert found[exact].deconfuse_duplicates == [pictures.ids[0]]
    assert found[exact].deconfuse_ses == 1.0
    assert found[pictures.ids[1]].deconfuse_duplicates == [leak]
    assert 0.9 < found[leak].deconfuse_ses < 1.0
    assert found[pictures.ids[5]].deconfuse_duplicates is None
    group = next(g for g in found.app_config.sidebar_groups if "deconfuse" in g.name)
    assert {"deconfuse_ses", "deconfuse_duplicates"} <= set(group.paths)


def test_splits_by_other_names_fields_and_tags(pictures: Pictures, operator: Any) -> None:
    dataset = pictures.dataset
    copy = pictures.add(noise(0), "cat", "", "copy.png")
    first = pictures.ids[0]
    run, _ = pictures.classify()
    find = operator("find_duplicates")

    def tagged(a: str, b: str) -> None:
        dataset.set_values("tags", [[]] * len(dataset))
        dataset.set_values("tags", {first: [a], copy: [b]}, key_field="id")

    for a, b in (("Train", "holdout"), ("train2017", "val2017"), ("fold0", "fold1")):
        tagged(a, b)
        assert find(dataset)["leaks"] == 1, (a, b)
    tagged("lab", "street")
    found = find(dataset)
    assert (found["leaks"], found["splits"]) == (None, [])
    assert found["splits_note"].startswith("No splits were found")
    assert find(dataset, splits=["lab", "street"])["leaks"] == 1
    again = find(dataset)
    assert (again["leaks"], again["splits"]) == (1, ["lab", "street"]), "as it was said before"
    assert {m.split for m in read_members(run, [first, copy]).values()} == {"lab", "street"}
    assert find(dataset, splits="usual")["leaks"] is None
    for name, value in (("subset", str), ("part", lambda x: fo.Classification(label=x))):
        dataset.set_values(name, {first: value("Train"), copy: value("TEST")}, key_field="id")
        assert find(dataset, splits={"field": name})["splits"] == ["TEST", "Train"]
    assert find(dataset, splits="usual")["leaks"] == 1, "a field subset is looked at anyway"
    before = load_duplicates(run)
    for wrong in ({"field": "nowhere"}, {"field": "ground_truth.label.x"}, ["lab"], "filepat"):
        with pytest.raises(ValueError, match="splits: "):
            find(dataset, splits=wrong)
    after = load_duplicates(run)
    assert before is not None
    assert after is not None
    assert before.id == after.id


def test_a_burst_is_one_group_in_each_prediction_and_stays_one(
    pictures: Pictures, operator: Any
) -> None:
    scene, frames = noise(1), [pictures.ids[1]]
    frames += [pictures.add(changed(scene, i), "dog", "train", f"f{i}.png") for i in range(71)]
    pictures.classify({frame: CLASSES[i % 2] for i, frame in enumerate(frames)})
    result = operator("find_duplicates")(pictures.dataset)
    assert (result["groups"], result["samples"]) == (2, 72)
    assert result["pairs"] < 36 * 35
    assert result["threshold"] == 0.8, "the burst counts as one image"
    pictures.classify({frame: CLASSES[i % 7 > 3] for i, frame in enumerate(frames)})
    again = operator("find_duplicates")(pictures.dataset)
    assert (again["new"], again["groups"], again["samples"]) == (0, 2, 72)
    every = operator("find_duplicates")(pictures.dataset, scope="all")
    assert (every["groups"], every["samples"]) == (1, 72)
    assert len(pictures.dataset[frames[5]].deconfuse_duplicates) >= 4


def _compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Notes how many images each call decodes at once, and how many late."""
    from plugin.images import image_tasks

    seen: list[int] = []
    decode = image_tasks.decode_to_compare

    def counted(path: str, *args: Any, **options: Any) -> Any:
        seen.append(1)
        return decode(path, *args, **options)

    monkeypatch.setattr(image_tasks, "decode_to_compare", counted)
    return seen


def test_new_samples_are_compared_with_old_ones_without_starting_over(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak = pictures.near(1, "dog", "test", "leak.png")
    run, _ = pictures.classify()
    decoded = _compared(monkeypatch)
    first = find_duplicates(run, DuplicateOptions())
    assert (first["compared"], first["new"], len(decoded)) == (41, 41, 41)
    decoded.clear()
    again = find_duplicates(run, DuplicateOptions())
    assert (again["compared"], again["new"], len(decoded)) == (41, 0, 0)
    assert {**again, "new": 41} == first
    late = [
        pictures.near(2, "cat", "train", "late-near.png"),
        pictures.add(noise(3), "dog", "test", "late-exact.png"),
        pictures.near(1, "dog", "train", "late-third.png"),
    ]
    late.append(pictures.near(500, "cat", "train", "late-alone.png"))
    pictures.classify()
    decoded.clear()
    second = find_duplicates(run, DuplicateOptions())
    assert (second["compared"], second["new"]) == (45, 4)
    assert 4 < len(decoded) < 30, "of the old images, only those that may be alike"
    found = dict(zip(*pictures.dataset.values(["id", "deconfuse_duplicates"]), strict=True))
    assert found[late[0]] == [pictures.ids[2]]
    assert found[late[1]] == [pictures.ids[3]]
    # The same change of the same picture: equal pixels, whose copy is alike with the original.
    assert found[late[2]] == [leak, pictures.ids[1]]
    assert found[late[3]] is None
    _forget(run)
    afresh = find_duplicates(run, DuplicateOptions(threshold=second["threshold"]))
    same = ("pairs", "groups", "samples", "leaks", "conflicts", "exact_copies")
    assert {k: afresh[k] for k in same} == {k: second[k] for k in same}
    assert found == dict(zip(*pictures.dataset.values(["id", "deconfuse_duplicates"]), strict=True))


def _forget(run: Any) -> None:
    import fiftyone.core.odm as odm

    from plugin.store.columns import delete_columns

    odm.get_db_conn()["deconfuse.duplicates"].delete_many(run.owner)
    delete_columns({**run.owner, "duplicates_id": {"$exists": True}})


def test_a_column_that_is_kept_no_more_is_passed_over(pictures: Pictures) -> None:
    """As in what was compared while a perceptual hash was a source of candidates."""
    from plugin.store.columns import write_column

    near = pictures.near(1, "dog", "train", "near.png")
    run, _ = pictures.classify()
    find_duplicates(run, DuplicateOptions())
    kept = load_duplicates(run)
    assert kept is not None
    owner = {**run.owner, "duplicates_id": kept.id}
    hashes = write_column("hash", [np.arange(kept.samples, dtype=np.uint64)], owner)
    of_run = get_db_conn()[kept_duplicates.COLLECTION]
    of_run.update_one({"_id": kept.id}, {"$set": {"columns.hash": hashes}})
    late = pictures.near(2, "cat", "train", "late.png")
    pictures.classify()
    again = find_duplicates(run, DuplicateOptions())
    assert (again["compared"], again["new"], again["pairs"]) == (42, 1, 2)
    assert pictures.dataset[late].deconfuse_duplicates == [pictures.ids[2]]
    assert pictures.dataset[near].deconfuse_duplicates == [pictures.ids[1]]
    now = load_duplicates(run)
    assert now is not None
    assert set(now.document["columns"]) == set(kept_duplicates.COLUMNS)


def test_what_is_gone_is_forgotten_and_its_copies_stay_pairs(pictures: Pictures) -> None:
    first, near = pictures.ids[1], pictures.near(1, "dog", "train", "near.png")
    copies = [pictures.add(noise(1), "dog", "train", f"c{i}.png") for i in range(2)]
    run, _ = pictures.classify()
    assert find_duplicates(run, DuplicateOptions())["samples"] == 4
    pictures.dataset.delete_samples([first])
    again = find_duplicates(run, DuplicateOptions())
    assert (again["compared"], again["new"], again["samples"]) == (42, 0, 3)
    assert set(pictures.dataset[near].deconfuse_duplicates) == set(copies)
    kept = load_duplicates(run)
    assert kept is not None
    assert first not in kept.sample_ids
    pictures.dataset.delete_samples(copies)
    last = find_duplicates(run, DuplicateOptions())
    assert (last["pairs"], last["samples"]) == (0, 0)
    assert pictures.dataset[near].deconfuse_duplicates is None
    assert pictures.dataset[near].deconfuse_ses is None


def test_another_file_is_compared_again(pictures: Pictures) -> None:
    run, _ = pictures.classify()
    assert find_duplicates(run, DuplicateOptions())["pairs"] == 0
    sample = pictures.dataset[pictures.ids[5]]
    path = pictures.folder / "replaced.png"
    noise(7).save(path)
    sample.filepath = str(path)
    sample.save()
    result = find_duplicates(run, DuplicateOptions())
    assert (result["new"], result["exact_copies"]) == (1, 1)


def test_a_copy_whose_file_was_exchanged_is_none_any_more(
    pictures: Pictures, operator: Any
) -> None:
    copy = pictures.add(noise(1), "dog", "train", "copy.png")
    near = pictures.near(1, "dog", "train", "near.png")
    pictures.classify()
    find = operator("find_duplicates")
    assert find(pictures.dataset)["exact_copies"] == 1
    shutil.copy(pictures.dataset[pictures.ids[4]].filepath, pictures.dataset[copy].filepath)
    again = find(pictures.dataset, scope="all")
    assert (again["new"], again["pairs"], again["exact_copies"]) == (1, 2, 1)
    found = pictures.dataset
    assert found[copy].deconfuse_duplicates == [pictures.ids[4]]
    assert found[near].deconfuse_duplicates == [pictures.ids[1]]
    assert find(pictures.dataset)["new"] == 0


@pytest.mark.parametrize("of_first", [True, False])
def test_a_file_that_became_a_copy_is_found(pictures: Pictures, of_first: bool) -> None:
    """In the next iteration, with the times of the file that was copied."""
    run, _ = pictures.classify()
    assert find_duplicates(run, DuplicateOptions())["pairs"] == 0
    ids = [pictures.ids[1], pictures.ids[9]]
    source, target = ids if of_first else ids[::-1]
    shutil.copy2(pictures.dataset[source].filepath, pictures.dataset[target].filepath)
    pictures.classify()
    result = find_duplicates(run, DuplicateOptions())
    assert (result["new"], result["exact_copies"]) == (1, 1)
    assert pictures.dataset[target].deconfuse_duplicates == [source]


def test_an_image_whose_size_and_time_are_as_before_is_known_to_be_another(
    pictures: Pictures,
) -> None:
    """As from an archive that gives all its files one time."""
    bitmap = pictures.add(noise(50), "cat", "train", "a.bmp")
    pictures.add(noise(51), "cat", "train", "b.bmp")
    run, _ = pictures.classify()
    path = Path(pictures.dataset[bitmap].filepath)
    was = path.stat()
    assert find_duplicates(run, DuplicateOptions())["pairs"] == 0
    shutil.copy(pictures.folder / "b.bmp", path)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert path.stat().st_size == was.st_size
    result = find_duplicates(run, DuplicateOptions())
    assert (result["new"], result["exact_copies"]) == (1, 1)


def test_files_that_hold_what_they_held_are_not_compared_again(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Untouched ones are not even read; touched ones are, once, and those without a stamp."""
    pictures.near(1, "dog", "train", "near.png")
    run, _ = pictures.classify()
    first = find_duplicates(run, DuplicateOptions())
    decoded, read = _compared(monkeypatch), []
    digest = digests.file_digest
    monkeypatch.setattr(digests, "file_digest", lambda path: read.append(path) or digest(path))
    untouched = find_duplicates(run, DuplicateOptions())
    assert (untouched["new"], read, decoded) == (0, [], [])
    touched = pictures.dataset[pictures.ids[3]].filepath
    os.utime(touched)
    for wanted in ([touched], []):
        read.clear()
        again = find_duplicates(run, DuplicateOptions())
        assert ({**again, "new": 41}, read, decoded) == (first, wanted, [])
    of_run = get_db_conn()[kept_duplicates.COLLECTION]
    of_run.update_one(run.owner, {"$unset": {"columns.stamp": ""}})  # as kept by 0.1
    exchanged = pictures.dataset[pictures.ids[5]].filepath
    shutil.copy(pictures.dataset[pictures.ids[7]].filepath, exchanged)
    old = find_duplicates(run, DuplicateOptions())
    assert (old["compared"], old["new"], old["exact_copies"]) == (41, 1, 1)
    assert len(read) == 41
    read.clear()
    assert find_duplicates(run, DuplicateOptions())["new"] == 0
    assert read == []


def test_images_that_cannot_be_read_are_left_out_and_tried_again(pictures: Pictures) -> None:
    missing, broken = pictures.ids[3], pictures.ids[4]
    files = [Path(pictures.dataset[i].filepath) for i in (missing, broken)]
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:200])
    run, _ = pictures.classify()
    result = find_duplicates(run, DuplicateOptions())
    assert result["compared"] == 38
    assert result["skipped"] == {"file is missing": 1, "image is truncated": 1}
    assert {s["sample_id"] for s in result["skipped_samples"]} == {missing, broken}
    noise(6).save(files[0])
    again = find_duplicates(run, DuplicateOptions())
    assert (again["compared"], again["new"], again["exact_copies"]) == (39, 1, 0)
    assert pictures.dataset[missing].deconfuse_duplicates is None  # told apart by the classifier
    assert find_duplicates(run, DuplicateOptions(scope="all"))["exact_copies"] == 1
    files[0].unlink()
    assert find_duplicates(run, DuplicateOptions())["compared"] == 38


def test_a_lower_threshold_than_was_kept_searches_again(pictures: Pictures) -> None:
    run, _ = pictures.classify()
    first = find_duplicates(run, DuplicateOptions())
    low = find_duplicates(run, DuplicateOptions(threshold=0.5))
    assert low["lowest"] <= 0.5 < first["lowest"]
    assert (low["threshold"], low["new"]) == (0.5, 40)
    assert find_duplicates(run, DuplicateOptions())["threshold"] == 0.5, "it stays as it was set"


def test_sizes_and_aspect_ratios_may_differ(pictures: Pictures) -> None:
    large = pictures.add(noise(1).resize((60, 48)), "dog", "train", "large.png")
    grey = pictures.add(noise(9).convert("L"), "dog", "train", "grey.png")
    turned = pictures.add(noise(11).convert("L"), "dog", "test", "grey-copy.png")
    again = pictures.add(noise(11).convert("L").resize((48, 40)), "dog", "train", "grey-small.png")
    run, _ = pictures.classify()
    result = find_duplicates(run, DuplicateOptions())
    assert result["skipped"] == {}
    assert pictures.dataset[large].deconfuse_duplicates == [pictures.ids[1]]
    assert pictures.dataset[turned].deconfuse_duplicates == [again]
    assert pictures.dataset[grey].deconfuse_duplicates is None


@pytest.mark.parametrize("field", ["vector", "near"])
def test_embeddings_propose_pairs(pictures: Pictures, field: str) -> None:
    import fiftyone.brain as fob

    copy = pictures.near(1, "dog", "train", "near.png")
    vectors = np.random.default_rng(0).normal(size=(41, 100))
    vectors[40] = vectors[1]
    pictures.dataset.add_sample_field("vector", fo.VectorField)
    pictures.dataset.set_values("vector", list(vectors))
    if field == "near":
        fob.compute_similarity(
            pictures.dataset, embeddings=vectors, brain_key="near", backend="sklearn"
        )
    run, _ = pictures.classify()
    result = find_duplicates(run, DuplicateOptions(embeddings=field))
    assert result["pairs"] == 1
    assert pictures.dataset[copy].deconfuse_duplicates == [pictures.ids[1]]


def test_nothing_half_done_stays(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = pictures.classify()
    before, files = database_of(pictures.dataset), temporary()

    real, written = kept_duplicates.write_column, []

    def stop(name: str, *parts: Any) -> Any:
        if len(written) == 4:
            raise Cancelled("stop")
        written.append(name)
        return real(name, *parts)

    monkeypatch.setattr(kept_duplicates, "write_column", stop)
    with pytest.raises(Cancelled):
        find_duplicates(run, DuplicateOptions())
    assert database_of(pictures.dataset) == before
    assert temporary() <= files
    assert load_duplicates(run) is None


def test_a_killed_process_leaves_nothing_that_counts(pictures: Pictures) -> None:
    """Columns without their document, as a kill leaves them, and fields not yet written."""
    import fiftyone.core.odm as odm

    from plugin.store.columns import write_column

    leak = pictures.near(1, "dog", "test", "leak.png")
    run, _ = pictures.classify()
    owner = {**run.owner, "duplicates_id": ObjectId()}
    write_column("structure", [np.zeros((4, 4))], owner)
    assert load_duplicates(run) is None
    find_duplicates(run, DuplicateOptions())
    files = odm.get_db_conn()["deconfuse.columns.files"]
    kept = load_duplicates(run)
    assert kept is not None
    assert files.distinct("metadata.duplicates_id", {"metadata.run_key": run.key}) == [kept.id]
    ids = {"_id": ObjectId(leak)}
    collection = pictures.dataset._sample_collection
    collection.update_one(ids, {"$set": {"deconfuse_duplicates": None}})
    assert not complete_duplicate_fields(run), "nobody says that they are unwritten"
    odm.get_db_conn()["deconfuse.duplicates"].update_one(
        {"_id": kept.id}, {"$set": {"fields_written": False}}
    )
    assert complete_duplicate_fields(run)
    assert collection.find_one(ids)["deconfuse_duplicates"] == [pictures.ids[1]]


def test_a_threshold_that_is_set_while_fields_are_written_is_written_too(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is set by another thread of this process, as the panel does."""
    from plugin.duplicates import fields as duplicate_fields

    leak = pictures.near(1, "dog", "test", "leak.png")
    run, iteration = pictures.classify()
    find_duplicates(run, DuplicateOptions())
    real, times = duplicate_fields.mark_fields_written, []

    def set_before(*given: Any) -> bool:
        times.append(1)
        if len(times) == 1:
            kept_duplicates.set_threshold(run, 1.0)
        return real(*given)

    monkeypatch.setattr(duplicate_fields, "mark_fields_written", set_before)
    kept_duplicates.set_threshold(run, 0.9)
    duplicate_fields.write_duplicates(run, iteration, silent)
    assert len(times) == 2
    pictures.dataset.reload()
    assert pictures.dataset[leak].deconfuse_duplicates is None
    kept = load_duplicates(run)
    assert kept is not None
    assert (kept.threshold, kept.document["fields_written"]) == (1.0, True)


def test_deleting_the_run_deletes_its_duplicates(pictures: Pictures, operator: Any) -> None:
    import fiftyone.core.odm as odm

    pictures.near(1, "dog", "test", "leak.png")
    run, _ = pictures.classify()
    find_duplicates(run, DuplicateOptions())
    operator("delete_run")(pictures.dataset, "deconfuse")
    names = pictures.dataset.get_field_schema()
    assert not [name for name in names if name.startswith("deconfuse")]
    database = odm.get_db_conn()
    assert database["deconfuse.duplicates"].count_documents(run.owner) == 0
    query = {f"metadata.{k}": v for k, v in run.owner.items()}
    assert database["deconfuse.columns.files"].count_documents(query) == 0


def test_label_errors_end_with_duplicates(pictures: Pictures, operator: Any) -> None:
    leak = pictures.near(1, "dog", "test", "leak.png")
    told: list[tuple[float | None, str]] = []
    settings = Settings.from_mapping({"label_field": "ground_truth", "epochs": 1})

    def report(progress: float | None, label: str) -> None:
        told.append((progress, label))

    result = find_label_errors(pictures.dataset, settings, report)
    assert result["duplicates"]["compared"] == 41
    same = pictures.dataset[leak].deconfuse_prediction.label == (
        pictures.dataset[pictures.ids[1]].deconfuse_prediction.label
    )
    assert result["duplicates"]["leaks"] == int(same)
    stages = [p for p, _ in told if p is not None]
    assert stages == sorted(stages)
    find = operator("find_label_errors")
    without = find(pictures.dataset, "ground_truth", "other", epochs=1, duplicates=False)
    assert "duplicates" not in without
    assert load_duplicates(load_run(pictures.dataset, "other")) is None


def test_label_errors_survive_a_dataset_without_media(dataset: Any, operator: Any) -> None:
    samples = dataset(20, fields={"model": [fo.Classification(label="3", confidence=0.7)] * 20})
    for path in samples.values("filepath"):
        Path(path).unlink()
    find = operator("find_label_errors")
    result = find(samples, "ground_truth", source="predictions", prediction_fields=["model"])
    assert result["samples"] == 20
    assert "No image of run 'deconfuse' could be compared" in result["duplicates"]["failed"]
    assert "file is missing" in result["duplicates"]["failed"]
    assert None not in samples.values("deconfuse_suspicion")
    with pytest.raises(ValueError, match="No image of run 'deconfuse' could be compared"):
        operator("find_duplicates")(samples)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"run_key": "nothing"}, "no Deconfuse run with run_key 'nothing'"),
        ({"threshold": 0.2}, "threshold: expected a number from 0.5 to 1, got 0.2"),
        ({"threshold": 1.2}, "threshold: expected a number from 0.5 to 1, got 1.2"),
        ({"threshold": "high"}, "threshold must be a finite number"),
        ({"threshold": float("nan")}, "threshold must be a finite number"),
        ({"threshold": True}, "threshold must be a finite number"),
        ({"scope": "universe"}, "scope: expected one of same_prediction, all, got 'universe'"),
        ({"embeddings": "nowhere"}, "embeddings: 'nowhere' does not exist"),
        ({"embeddings": "filepath"}, "embeddings: 'filepath' is of type StringField"),
        ({"embeddings": 3}, "embeddings must be a text"),
        ({"embeddings": "empty"}, "no compared sample has a vector in 'empty'"),
        ({"device": "abacus"}, "device: expected one of"),
    ],
)
def test_bad_input_changes_nothing(
    pictures: Pictures, operator: Any, options: dict[str, Any], message: str
) -> None:
    pictures.dataset.add_sample_field("empty", fo.VectorField)
    pictures.classify()
    before, files = database_of(pictures.dataset), temporary()
    with pytest.raises(ValueError, match=message):
        operator("find_duplicates")(pictures.dataset, **options)
    assert database_of(pictures.dataset) == before
    assert temporary() <= files


def test_other_media_have_no_run(dataset_name: str, operator: Any, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\x00")
    videos = fo.Dataset(dataset_name)
    videos.add_sample(fo.Sample(filepath=str(path)))
    with pytest.raises(ValueError, match="no Deconfuse run"):
        operator("find_duplicates")(videos)


def test_a_second_job_is_refused(pictures: Pictures, operator: Any) -> None:
    run, _ = pictures.classify()
    with (
        Job(pictures.dataset, run.key, "Something else"),
        pytest.raises(ValueError, match="is being worked on: Something else"),
    ):
        operator("find_duplicates")(pictures.dataset)


def test_a_dataset_with_one_image(dataset_name: str, tmp_path: Path, operator: Any) -> None:
    pictures = Pictures(dataset_name, tmp_path, n=1)
    pictures.classify()
    result = operator("find_duplicates")(pictures.dataset)
    assert (result["compared"], result["pairs"], result["groups"]) == (1, 0, 0)


def _app(pictures: Pictures, **params: Any) -> dict[str, Any]:
    return {
        "operator_uri": URI,
        "dataset_name": pictures.dataset.name,
        "view": [],
        "extended": {},
        "params": {"run_key": "deconfuse", **params},
    }


@pytest.mark.usefixtures("background")
def test_the_app_is_free_and_sees_the_result(pictures: Pictures, server: Any) -> None:
    pictures.near(1, "dog", "test", "leak.png")
    pictures.classify()
    text = server.post("/operators/execute/generator", json=_app(pictures)).text
    assert "Started: finding near-duplicates" in text
    assert "set_progress" not in text
    end = time.monotonic() + 90
    while not outcomes_of(pictures.dataset) and time.monotonic() < end:
        time.sleep(0.1)
    (outcome,) = outcomes_of(pictures.dataset)
    ((variant, said),) = outcome.messages
    assert (outcome.state, variant) == ("done", "success")
    assert "1 group of near-duplicates" in said
    assert "1 leak across splits" in said
    refused = server.post("/operators/execute/generator", json=_app(pictures, embeddings="no")).text
    assert "embeddings: 'no' does not exist" in refused


def test_the_form_offers_scope_threshold_and_vectors(
    pictures: Pictures, operator: Any, context: Any
) -> None:
    pictures.dataset.add_sample_field("vector", fo.VectorField)
    empty = operator("find_duplicates").resolve_input(context(pictures.dataset, "find_duplicates"))
    assert "scope" not in empty.to_json()["type"]["properties"]
    pictures.classify()
    ctx = context(pictures.dataset, "find_duplicates", show_advanced=True)
    fields = operator("find_duplicates").resolve_input(ctx).to_json()["type"]["properties"]
    assert {"scope", "threshold", "embeddings", "device"} <= set(fields)
    assert "vector" in str(fields["embeddings"])


def test_it_can_be_delegated(pictures: Pictures, operator: Any) -> None:
    from fiftyone.operators.delegated import DelegatedOperationService

    leak = pictures.near(1, "dog", "test", "leak.png")
    pictures.classify()
    pictures.dataset.persistent = True
    operator("find_duplicates")(pictures.dataset, threshold=0.9, delegate=True)
    DelegatedOperationService().execute_queued_operations(operator=URI, limit=1)
    pictures.dataset.reload()
    assert pictures.dataset[leak].deconfuse_duplicates == [pictures.ids[1]]


def test_a_cancelled_last_stage_keeps_the_iteration(pictures: Pictures) -> None:
    settings = Settings.from_mapping({"label_field": "ground_truth", "epochs": 1})

    def cancelling(progress: float | None, label: str) -> None:
        if "to compare" in label or "Looked at" in label:
            raise Cancelled("stop")

    result = find_label_errors(pictures.dataset, settings, cancelling)
    if "failed" not in result["duplicates"]:
        pytest.skip("it was too quick to be cancelled")
    assert result["duplicates"] == {"failed": "cancelled while near-duplicates were looked for"}
    run = load_run(pictures.dataset, "deconfuse")
    assert (run.iteration().number, run.has_unwritten_fields()) == (1, False)
    assert load_duplicates(run) is None


def test_a_killed_search_leaves_the_earlier_one(pictures: Pictures) -> None:
    """A process that is killed between its columns and its document."""
    leak = pictures.near(1, "dog", "test", "leak.png")
    run, _ = pictures.classify()
    first = find_duplicates(run, DuplicateOptions())
    before = load_duplicates(run)
    pictures.near(2, "cat", "test", "late.png")
    pictures.classify()

    write, written = kept_duplicates.write_column, []

    def dying(name: str, *parts: Any) -> Any:
        written.append(name)
        if len(written) == 9:
            os.kill(os.getpid(), signal.SIGKILL)
        return write(name, *parts)

    def search() -> None:
        kept_duplicates.write_column = dying
        find_duplicates(run, DuplicateOptions())

    assert died(fork(search))
    kept = load_duplicates(run)
    assert kept is not None
    assert before is not None
    assert kept.id == before.id
    assert pictures.dataset[leak].deconfuse_duplicates == [pictures.ids[1]]
    again = find_duplicates(run, DuplicateOptions())
    assert (again["new"], again["pairs"]) == (1, first["pairs"] + 1)
    import fiftyone.core.odm as odm

    files = odm.get_db_conn()["deconfuse.columns.files"]
    now = load_duplicates(run)
    assert now is not None
    owner = {f"metadata.{name}": value for name, value in run.owner.items()}
    assert files.distinct("metadata.duplicates_id", owner) == [now.id]


def test_a_full_disk_is_said_plainly(
    pictures: Pictures, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures.classify()
    before, files = database_of(pictures.dataset), temporary()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(ValueError, match="The disk is full"):
        operator("find_duplicates")(pictures.dataset)
    assert database_of(pictures.dataset) == before
    assert temporary() <= files


def test_kept_groups_travel_with_the_audit_trail(
    pictures: Pictures, operator: Any, tmp_path: Path
) -> None:
    leak = pictures.near(1, "dog", "test", "leak.png")
    run, iteration = pictures.classify()
    find_duplicates(run, DuplicateOptions())
    group = [pictures.ids[1], leak]
    assert find_duplicates(run, DuplicateOptions())["groups"] == 1
    kept = operator("resolve")(pictures.dataset, "keep_all", group)
    assert (kept["action"], kept["applied"]) == ("keep_all", 2)
    found = find_duplicates(run, DuplicateOptions())
    assert (found["groups"], found["settled"]) == (0, 1)
    path = tmp_path / "decisions.csv"
    operator("export_decisions")(pictures.dataset, str(path))
    operator("undo")(pictures.dataset)
    assert find_duplicates(run, DuplicateOptions())["groups"] == 1
    clone = pictures.dataset.clone()
    try:
        if clone.has_run("deconfuse"):
            clone.delete_run("deconfuse")
        for name in [n for n in clone.get_field_schema() if n.startswith("deconfuse_")]:
            clone.delete_sample_field(name)
        other = Pictures.__new__(Pictures)
        other.dataset = clone
        there, _ = other.classify()
        assert find_duplicates(there, DuplicateOptions())["groups"] == 1
        made = operator("import_decisions")(clone, str(path))
        assert (made["decisions"], made["applied"], made["refused"]) == (1, 2, [])
        assert find_duplicates(there, DuplicateOptions())["groups"] == 0
    finally:
        clone.delete()
    assert iteration.samples == 41
