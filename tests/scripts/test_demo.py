"""`make demo` from its data to its printed report; serving the App is the browser tests' matter."""

import argparse
import os
import re
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

from scripts import demo, demo_data, demo_objects, last_time
from scripts.heartbeat import Heartbeat
from scripts.image_folder import read_folder
from scripts.private_database import PrivateDatabase

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent


def test_planted_errors_have_the_papers_proportions(tmp_path: Path) -> None:
    digits = demo_data.digits(tmp_path)
    assert len(digits) == 1797 + demo_data.COPIES
    originals = digits[:1797]
    wrong = Counter((d.truth, d.label) for d in originals if d.truth != d.label)
    for shown, called, share in demo_data.CONFUSIONS:
        assert wrong[shown, called] >= round(share * 1797)
    confused = sum(round(share * 1797) for _, _, share in demo_data.CONFUSIONS)
    assert wrong.total() == confused + demo_data.SINGLES


def test_digits_are_images_of_28_pixels_with_five_exact_copies(tmp_path: Path) -> None:
    digits = demo_data.digits(tmp_path)
    with Image.open(digits[0].path) as image:
        assert (image.size, image.mode) == ((28, 28), "L")
        assert np.asarray(image).max() > 200
    contents = Counter(digit.path.read_bytes() for digit in digits)
    assert sum(count - 1 for count in contents.values()) == demo_data.COPIES


def test_a_folder_becomes_a_dataset(tmp_path: Path, dataset_name: str) -> None:
    for name in ("train/cat/a.png", "train/dog/b.png", "test/cat/c.jpg", "dog/d.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
    (tmp_path / "dog" / "notes.txt").write_text("no image")
    (tmp_path / "stray.png").write_bytes(b"")

    dataset = demo_data.folder_dataset(dataset_name, tmp_path)

    assert dataset.persistent
    rows = zip(*dataset.values(["filepath", f"{demo_data.FIELD}.label", "tags"]), strict=True)
    assert sorted((Path(path).name, label, tags) for path, label, tags in rows) == [
        ("a.png", "cat", ["train"]),
        ("b.png", "dog", ["train"]),
        ("c.jpg", "cat", ["test"]),
        ("d.png", "dog", []),
    ]


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4)).save(path)


def read(root: Path) -> list[tuple[str, str, str]]:
    found = read_folder(root)
    return [(i.path.relative_to(root).as_posix(), i.label, i.split) for i in found.images]


def test_a_folder_is_read_as_people_have_it(tmp_path: Path) -> None:
    root = tmp_path / "my images"
    for name in ("Train/cat/a.PNG", "Train/cat/b.webp", "TEST/dog/c.jpg", "val2017/dog/d.gif"):
        image(root / name)
    image(root / "Train/wild/big/lion.jpg")
    for junk in (".ipynb_checkpoints/a.png", "Train/cat/.hidden.png", "__MACOSX/cat/x.png"):
        image(root / junk)
    (root / "Train/cat/Thumbs.db").write_bytes(b"x")
    (root / "Train/cat/._a.jpg").write_bytes(b"x")
    (root / "Train/cat/notes.txt").write_text("no image")
    (root / "Train/cat/broken.jpg").write_bytes(b"no image either")
    (root / "Train/cat/gone.jpg").symlink_to("/nowhere/x.jpg")
    os.mkfifo(root / "Train/cat/pipe.jpg")
    image(tmp_path / "elsewhere/owl.png")
    (root / "Train/owl").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (root / "Train/owl/round").symlink_to(root, target_is_directory=True)
    image(root / "stray.png")
    assert read(root) == [
        ("TEST/dog/c.jpg", "dog", "test"),
        ("Train/cat/a.PNG", "cat", "train"),
        ("Train/cat/b.webp", "cat", "train"),
        ("Train/owl/owl.png", "owl", "train"),
        ("Train/wild/big/lion.jpg", "wild", "train"),
        ("val2017/dog/d.gif", "dog", "validation"),
    ]
    (root / "Train/cat/notes2.txt").write_text("no image")
    notes = "; ".join(read_folder(root).notes())
    for said in (
        "2 left out: no image by its name (Train/cat/notes.txt, Train/cat/notes2.txt)",
        "1 left out: an image by its name that cannot be read (Train/cat/broken.jpg)",
        "1 left out: a link that leads nowhere",
        "1 left out: no regular file",
        "1 left out: a link to a folder that it is in",
        "1 left out: in no class's folder",
        "read as that class: wild/big",
    ):
        assert said in notes


def test_a_class_may_be_called_like_a_split(tmp_path: Path) -> None:
    for name in ("test/a.png", "control/b.png"):
        image(tmp_path / name)
    assert [row[1:] for row in read(tmp_path)] == [("control", ""), ("test", "")]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["a.png", "b.png"], "no images in folders of classes.*\n.*2 left out: in no class's"),
        (["train/a.png", "test/b.png"], "no two classes found, only the folder test, train"),
        (["images/cat/a.png", "images/dog/b.png"], "only the folder images;.*sub-folders"),
    ],
)
def test_where_no_classes_are_found_it_is_said(tmp_path: Path, files: list[str], said: str) -> None:
    for name in files:
        image(tmp_path / name)
    with pytest.raises(SystemExit, match=said):
        read_folder(tmp_path)


@pytest.mark.parametrize("folder", ["missing", "empty"])
def test_a_folder_without_images_is_named(tmp_path: Path, dataset_name: str, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match=f"DATA=.*{folder}"):
        demo_data.folder_dataset(dataset_name, tmp_path / folder)
    assert not fo.dataset_exists(dataset_name)


def test_the_demo_finds_the_planted_errors(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("FIFTYONE_")}
    command = [sys.executable, str(ROOT / "scripts" / "demo.py"), "--no-serve", "--home"]
    first, second = (
        subprocess.run(
            [*command, str(tmp_path)], env=env, capture_output=True, text=True, check=False
        )
        for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    found = re.search(r"(\d+) labels were planted wrong; (\d+) of them", first.stdout)
    assert found, first.stdout
    assert int(found[2]) >= 0.8 * int(found[1])
    assert "9" in first.stdout.partition("Largest cells")[2]
    assert second.returncode == 0, second.stderr
    assert "dataset of last time" in second.stdout
    suspects = re.search(r"(\d+) suspects are left to look at", first.stdout)
    assert suspects
    said = f"Run 'deconfuse' on 'ground_truth': {suspects[1]} suspects found, {suspects[1]} of them"
    assert said in second.stdout


def test_the_demo_of_objects_finds_planted_errors_of_each_kind(
    tmp_path: Path, dataset_name: str
) -> None:
    dataset = demo_objects.objects_dataset(dataset_name, tmp_path, images=60)
    assert dataset.persistent
    planted = Counter()
    for counted in dataset.values("planted"):
        planted.update(counted)
    assert set(planted) == set(demo_objects.KINDS)
    result = demo.operator("find_label_errors")(
        dataset,
        demo_objects.FIELD,
        source="predictions",
        prediction_fields=[demo_objects.PREDICTIONS],
    )
    assert result["samples"] == 60
    labels = [d for s in dataset for d in s[demo_objects.FIELD].detections]
    labels.sort(key=lambda d: -d.deconfuse_suspicion)
    wrong = sum(bool(d.planted) for d in labels)
    first = sum(bool(d.planted) for d in labels[:wrong])
    assert first > 0.8 * wrong > 10


def test_silence_is_filled_with_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    with Heartbeat(every=0.05):  # a third of a second, for half a one would be told as a whole
        print("Reading …", flush=True)
        time.sleep(0.175)
        sys.stderr.write("\r\033[K 50% Half")
        time.sleep(0.1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Reading …"
    assert 2 <= sum(line == "  … 0 s: Reading …" for line in lines) <= 4
    assert "  … 0 s: 50% Half" in lines


def test_what_is_printed_often_enough_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with Heartbeat(every=5):
        for i in range(3):
            print(i)
    assert capsys.readouterr().out == "0\n1\n2\n"


def photos(root: Path, names: tuple[str, ...], a_class: int) -> Path:
    """Noise that a person could not label, in a folder a class."""
    for k, name in enumerate(names):
        (root / name).mkdir(parents=True, exist_ok=True)
        for i in range(a_class):
            pixels = np.random.default_rng(100 * k + i).integers(0, 255, (80, 80, 3), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root


def test_folders_of_one_name_are_two_datasets(tmp_path: Path) -> None:
    folders = [
        photos(tmp_path / above / name, ("a", "b"), 1)
        for above, name in (("x", "photos"), ("y", "photos"), ("x", "写真"), ("x", "図"))
    ]
    made = []
    try:
        for folder in folders:
            made.append(demo_data.name_for(folder))
            demo_data.folder_dataset(made[-1], folder)
        assert len(set(made)) == 4
        assert made[0] == "demo-photos"
        assert [demo_data.name_for(folder) for folder in folders] == made
    finally:
        for name in made:
            fo.delete_dataset(name)


def test_too_few_images_are_said_without_a_traceback(tmp_path: Path, dataset_name: str) -> None:
    folder = photos(tmp_path / "few", ("a", "b"), 1)
    dataset = demo_data.folder_dataset(dataset_name, folder)
    with pytest.raises(SystemExit, match=r"DATA=.*few: folds: 2 labelled images can be read"):
        demo.classified(dataset, demo_data.FIELD, folder)
    assert not fo.dataset_exists(dataset_name)


def options(folder: Path, home: Path) -> argparse.Namespace:
    return argparse.Namespace(data=folder, home=home, objects=False, fresh=False)


def by_predictions(dataset: fo.Dataset, field: str, folder: Path) -> dict[str, Any]:
    """In place of training: a field of predictions that calls everything b."""
    said = [fo.Classification(label="b", confidence=0.9) for _ in dataset]
    dataset.set_values("model", said)
    find = demo.operator("find_label_errors")
    return find(
        dataset,
        label_field=field,
        run_key="deconfuse",
        source="predictions",
        prediction_fields=["model"],
        duplicates=False,
    )


@pytest.fixture
def finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[argparse.Namespace, str]]:
    """A demo of a folder that has ended, and the name of its dataset."""
    folder = photos(tmp_path / f"photos-{uuid.uuid4().hex[:8]}", ("a", "b"), 3)
    monkeypatch.setattr(demo, "classified", by_predictions)
    monkeypatch.setattr(demo, "show_duplicates", lambda _: None)
    asked = options(folder, tmp_path)
    name = demo.prepare(asked).name
    yield asked, name
    fo.delete_dataset(name)


def test_what_cannot_be_decoded_is_counted_and_named() -> None:
    paths = [f"/photos/a/{i}.png" for i in range(4)]
    left = [{"sample_id": "", "filepath": path, "reason": "truncated"} for path in paths]
    result = {"skipped": {"truncated": 4}, "skipped_samples": left}
    (note,) = demo.left_out(result, Path("/photos"))
    assert note == "4 left out: truncated (a/0.png, a/1.png, a/2.png, …)"


@pytest.mark.parametrize("way", ["rename", "delete", "delete in FiftyOne", "rename the field"])
def test_what_a_person_did_is_never_overwritten(
    finished: tuple[argparse.Namespace, str], way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, name = finished
    dataset = fo.load_dataset(name)
    decided = dataset.first().id
    demo.operator("resolve")(dataset, action="relabel", sample_ids=[decided], label="b")
    field, told = "ground_truth", "It has no run of Deconfuse"
    if way == "rename":
        dataset.rename_run("deconfuse", "clean")
        told = "Run 'clean' on 'ground_truth': "
    elif way == "delete":
        demo.operator("delete_run")(dataset, "deconfuse")
    elif way == "delete in FiftyOne":
        dataset.delete_run("deconfuse")
    else:
        dataset.rename_sample_field("ground_truth", "cleaned")
        field, told = "cleaned", "Run 'deconfuse' on 'ground_truth': "
    capsys.readouterr()
    dataset.reload()  # as another process finds it

    opened = demo.prepare(asked)

    assert opened[decided][field].label == "b"
    said = capsys.readouterr().out
    assert f"Here is the dataset of last time, {name!r}" in said
    assert told in said
    if "Run" in told:
        assert "open; 1 images decided." in said


def test_only_an_interrupted_start_is_begun_anew(
    finished: tuple[argparse.Namespace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, name = finished
    asked.fresh = True

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(demo, "classified", interrupted)
        with pytest.raises(KeyboardInterrupt):
            demo.prepare(asked)
    asked.fresh = False
    assert last_time.dataset_of_last_time(name) is None
    assert demo.prepare(asked).list_runs() == ["deconfuse"]
    assert last_time.dataset_of_last_time(name) is not None


def test_a_dataset_that_cannot_be_opened_is_refused(
    finished: tuple[argparse.Namespace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, name = finished

    def broken(_: str) -> None:
        raise ValueError("the schema is broken")

    with monkeypatch.context() as patched:
        patched.setattr(last_time, "_is_worked_on", broken)
        with pytest.raises(SystemExit, match=r"schema is broken\n.*FRESH=1"):
            demo.prepare(asked)
    assert fo.load_dataset(name).list_runs() == ["deconfuse"]


def test_a_second_demo_on_the_folder_is_told_of_the_first(tmp_path: Path) -> None:
    database = PrivateDatabase(tmp_path / "db")
    database.wait()
    url = "http://127.0.0.1:5151/datasets/deconfuse-demo"
    demo.note_running(tmp_path, url)
    env = {name: value for name, value in os.environ.items() if not name.startswith("FIFTYONE_")}
    command = [sys.executable, str(ROOT / "scripts" / "demo.py"), "--no-serve", "--home"]
    begun = time.monotonic()
    second = subprocess.run(
        [*command, str(tmp_path)], env=env, capture_output=True, text=True, check=False
    )
    assert time.monotonic() - begun < 30
    assert second.returncode == 1
    (line,) = second.stderr.splitlines()
    assert line.startswith(f"The demo is already running on {tmp_path}, at {url}: ")
    assert f"kill {os.getpid()}" in line


def test_only_suspects_are_shown_as_such(
    dataset_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = fo.Dataset(dataset_name)
    rows = [("a", "b", 2.0), ("a", "a", -1.0), ("b", "b", -2.0)]
    dataset.add_samples(
        [
            fo.Sample(
                filepath=f"/{i}.png",
                ground_truth=fo.Classification(label=label),
                deconfuse_prediction=fo.Classification(label=said),
                deconfuse_suspicion=suspicion,
            )
            for i, (label, said, suspicion) in enumerate(rows)
        ]
    )
    demo.show_first(dataset, "ground_truth")
    assert capsys.readouterr().out.splitlines()[1:] == ["  a → b  /0.png"]
    dataset.delete_samples(dataset.limit(1))
    demo.show_first(dataset, "ground_truth")
    assert capsys.readouterr().out.startswith("No image is suspect")
