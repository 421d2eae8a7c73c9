"""``import_predictions``: files that would take all memory, and texts that no database keeps."""

from __future__ import annotations

import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import numpy.lib.format as npy
import pytest

from tests.traces import database_of, temporary

pytestmark = pytest.mark.slow

Case = Callable[[Path], dict[str, Any]]
IDS = ["6" * 24, "7" * 24]


@pytest.fixture(scope="module")
def samples() -> Iterator[Any]:
    dataset = fo.Dataset()
    made = [
        fo.Sample(filepath=f"/nowhere/{i}.png", ground_truth=fo.Classification(label="ab"[i % 2]))
        for i in range(10)
    ]
    dataset.add_samples(made, progress=False)
    yield dataset
    dataset.delete()


def header(path: Path, shape: tuple[int, ...], descr: str = "<f4") -> None:
    """An array file that ends where its values should begin."""
    with path.open("wb") as file:
        npy.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


def archive(path: Path, **arrays: tuple[tuple[int, ...], str]) -> None:
    """An ``.npz`` of zeros, written a piece at a time and packed as far as it goes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, (shape, descr) in arrays.items():
            with target.open(f"{name}.npy", "w", force_zip64=True) as file:
                said: Any = {"descr": descr, "fortran_order": False, "shape": shape}
                npy.write_array_header_1_0(file, said)
                left = int(np.prod(shape)) * np.dtype(descr).itemsize
                while left:
                    size = min(left, 1 << 24)
                    file.write(bytes(size))
                    left -= size


def keyed(folder: Path) -> dict[str, Any]:
    (folder / "keys.txt").write_text("/nowhere/0.png\n/nowhere/1.png\n")
    return {"keys": folder / "keys.txt", "classes": ["a", "b"]}


def npy_of(shape: tuple[int, ...], descr: str = "<f4") -> Case:
    def make(folder: Path) -> dict[str, Any]:
        header(folder / "p.npy", shape, descr)
        return {"path": folder / "p.npy", **keyed(folder)}

    return make


def npz_of(**arrays: tuple[tuple[int, ...], str]) -> Case:
    def make(folder: Path) -> dict[str, Any]:
        archive(folder / "p.npz", **arrays)
        return {"path": folder / "p.npz", "classes": ["a", "b"]}

    return make


def text_of(name: str, content: Callable[[], str | bytes], **options: Any) -> Case:
    def make(folder: Path) -> dict[str, Any]:
        made = content()
        (folder / name).write_bytes(made if isinstance(made, bytes) else made.encode())
        return {"path": folder / name, **options}

    return make


def line(**values: Any) -> str:
    return json.dumps({"filepath": "/nowhere/0.png", **values}) + "\n"


def lying(folder: Path) -> dict[str, Any]:
    """A header inside of an archive that says more than there is."""
    header(folder / "scores.npy", (2**40, 2))
    np.save(folder / "ids.npy", np.array(IDS))
    with zipfile.ZipFile(folder / "p.npz", "w") as target:
        for name in ("scores.npy", "ids.npy"):
            target.write(folder / name, name)
    return {"path": folder / "p.npz", "classes": ["a", "b"]}


def class_list(name: str, content: bytes) -> Case:
    def make(folder: Path) -> dict[str, Any]:
        (folder / name).write_bytes(content)
        (folder / "p.csv").write_text("filepath,0,1\n/nowhere/0.png,.5,.5\n")
        return {"path": folder / "p.csv", "classes": folder / name}

    return make


def huge_class_array(folder: Path) -> dict[str, Any]:
    header(folder / "c.npy", (2**40,), "<U10")
    (folder / "p.csv").write_text("filepath,0,1\n/nowhere/0.png,.5,.5\n")
    return {"path": folder / "p.csv", "classes": folder / "c.npy"}


def long_keys(folder: Path) -> dict[str, Any]:
    np.save(folder / "p.npy", np.ones((2, 2)))
    with (folder / "keys.txt").open("wb") as file:
        file.truncate(2**30)
    return {"path": folder / "p.npy", "keys": folder / "keys.txt", "classes": ["a", "b"]}


def fifo(folder: Path) -> dict[str, Any]:
    os.mkfifo(folder / "keys.txt")
    np.save(folder / "p.npy", np.ones((2, 2)))
    return {"path": folder / "p.npy", "keys": folder / "keys.txt", "classes": ["a", "b"]}


def encrypted(folder: Path) -> dict[str, Any]:
    np.savez(folder / "p.npz", ids=IDS, scores=np.ones((2, 2)))
    content = bytearray((folder / "p.npz").read_bytes())
    for begin in (b"PK\x03\x04", b"PK\x01\x02"):
        at = content.find(begin)
        while at >= 0:
            content[at + (6 if begin == b"PK\x03\x04" else 8)] |= 1
            at = content.find(begin, at + 4)
    (folder / "p.npz").write_bytes(content)
    return {"path": folder / "p.npz", "classes": ["a", "b"]}


def beyond_unicode(part: str) -> Case:
    def make(folder: Path) -> dict[str, Any]:
        wrong = np.full((2, 24), 0x110000 + 5, "<u4").view("<U24").reshape(2)
        paths = np.array(["/nowhere/0.png", "/nowhere/1.png"])
        arrays: dict[str, Any] = {"paths": paths, "labels": np.array(["a", "b"])}
        arrays |= {"confidences": np.ones(2), part: wrong}
        np.savez(folder / "p.npz", **arrays)
        return {"path": folder / "p.npz"}

    return make


WIDE = 50_000
CASES: dict[str, tuple[Case, str]] = {
    "npy of 2^40 rows": (npy_of((2**40, 2)), "header says shape .* and the file has"),
    "npy of 2^40 columns": (npy_of((2, 2**40)), "header says shape"),
    "npy beyond all numbers": (npy_of((2**62, 2**62)), "header says shape"),
    "npy of negative rows": (npy_of((-1, 2)), "cannot be read"),
    "npy of no columns": (npy_of((0, 2**60)), "rows, but|cannot be read|columns"),
    "npy of wide texts": (npy_of((2, 2), "<U500000000"), "header says shape"),
    "npz that unpacks to a thousand times": (
        npz_of(ids=((1_000_000,), "<U24"), scores=((1_000_000, 80), "<f4")),
        "unpacks from .* far more than predictions for 10 samples",
    ),
    "npz of one column of 0.3 GB": (
        npz_of(ids=((40_000_000,), "<U1"), scores=((40_000_000, 1), "<f4")),
        "40,000,000 rows, and at most",
    ),
    "npz of wide texts": (
        npz_of(ids=((2,), "<U20000000"), scores=((2, 2), "<f4")),
        "texts of 'id' have 20,000,000 characters",
    ),
    "npz of many columns": (
        npz_of(ids=((2,), "<U24"), scores=((2, 10_000_000), "<f4")),
        "has 10,000,000 classes or columns",
    ),
    "npz that lies": (lying, "cannot be read .its header says"),
    "npz encrypted": (encrypted, "is no .npz file"),
    "npz with paths beyond Unicode": (beyond_unicode("paths"), "no row of .* is about a sample"),
    "npz with labels beyond Unicode": (
        beyond_unicode("labels"),
        "row 1: a label that is no valid Unicode text",
    ),
    "csv of 50,000 columns": (
        text_of("p.csv", lambda: "id," + ",".join(map(str, range(WIDE))) + "\n"),
        "has 50,001 classes or columns of scores, and at most 30,000",
    ),
    "csv of one long line": (
        text_of("p.csv", lambda: "id,a,b\n" + "x" * 9_000_000),
        "line 2: longer than",
    ),
    "csv of one long header": (text_of("p.csv", lambda: "x" * 9_000_000), "line 1: longer than"),
    "csv of an endless cell": (
        text_of("p.csv", lambda: 'id,a,b\n"' + "x\n" * 300_000),
        "line 2: longer than",
    ),
    "jsonl of one long line": (
        text_of("p.jsonl", lambda: '{"a": "' + "x" * 9_000_000),
        "line 1: longer than",
    ),
    "jsonl nested deeply": (text_of("p.jsonl", lambda: "[" * 100_000), "not a JSON object"),
    "jsonl of 50,000 classes": (
        text_of("p.jsonl", lambda: line(logits={str(i): 0 for i in range(WIDE)})),
        "has 50,000 classes",
    ),
    "jsonl that lists 50,000": (
        text_of("p.jsonl", lambda: json.dumps({"classes": [str(i) for i in range(WIDE)]})),
        "has 50,000 classes",
    ),
    "a class of a lone surrogate": (
        text_of("p.jsonl", lambda: line(logits={"a": 1, "\ud800": 0})),
        "class number 2 is no valid Unicode",
    ),
    "a given class of a lone surrogate": (
        text_of("p.csv", lambda: "id,a,b\n", classes=["a", "\ud800"]),
        r"classes\[1\] must be a text without half a surrogate pair",
    ),
    "a class of a long name": (
        text_of("p.csv", lambda: f"id,{'x' * 2_000},b\n"),
        "class number 1 is longer than 1,000",
    ),
    "a label of a lone surrogate": (
        text_of("p.jsonl", lambda: line(label="\ud800", confidence=1)),
        "row 1: a label that is no valid Unicode",
    ),
    "a label of 100,000 characters": (
        text_of("p.jsonl", lambda: line(label="x" * 100_000, confidence=1)),
        "row 1: a label that is longer than 10,000",
    ),
    "a number of 400 digits as confidence": (
        text_of("p.jsonl", lambda: line(label="a", confidence=10**400)),
        "row 1: no confidence between 0 and 1",
    ),
    "a number of 400 digits as score": (
        text_of("p.jsonl", lambda: line(logits={"a": 10**400, "b": 0}), values="logits"),
        "row 1: the score of 'a' is not a number",
    ),
    "a number of 400 digits in csv": (
        text_of("p.csv", lambda: f"filepath,a,b\n/nowhere/0.png,{'9' * 400},1\n", values="logits"),
        "row 1: a score is missing, NaN or infinite",
    ),
    "a number of 5,000 digits": (
        text_of("p.jsonl", lambda: '{"filepath": "/nowhere/0.png", "label": ' + "9" * 5_000 + "}"),
        "line 1: not a JSON object",
    ),
    "a path of a lone surrogate": (
        text_of("p.jsonl", lambda: json.dumps({"filepath": "\ud800", "label": "a", "score": 1})),
        "no row of .* is about a sample",
    ),
    "a path with a null byte": (
        text_of("p.jsonl", lambda: json.dumps({"filepath": "~a\0", "label": "a", "score": 1})),
        "no row of .* is about a sample",
    ),
    "a path of a million characters": (
        text_of("p.jsonl", lambda: json.dumps({"file": "x" * 10**6, "label": "a", "score": 1})),
        "no row of .* is about a sample",
    ),
    "an id of a lone surrogate": (
        text_of("p.jsonl", lambda: json.dumps({"id": "\udc80", "label": "a", "score": 1})),
        "no row of .* is about a sample",
    ),
    "classes nested deeply": (class_list("c.json", b"[" * 100_000), "classes: .*cannot be read"),
    "classes of 2^40 rows": (huge_class_array, "classes: .*header says shape"),
    "classes in 17 MB": (class_list("c.txt", b"x\n" * 8_500_000), "classes: .*larger than"),
    "classes with a truth": (
        text_of("p.csv", lambda: "id,a,b\n", classes=["a", True]),
        r"classes\[1\] must be a text, got True",
    ),
    "keys of 1 GB": (long_keys, "keys: .*too many for 2 rows"),
    "keys from a pipe": (fifo, "keys: there is no file"),
    "a path that no file has": (lambda folder: {"path": "x" * 5_000 + ".csv"}, "there is no file"),
    "a path of nobody": (lambda folder: {"path": "~nobody-here/p.csv"}, "names no file|no file"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_too_large_or_no_text_is_refused_in_words(
    samples: Any, operator: Any, tmp_path: Path, name: str
) -> None:
    make, message = CASES[name]
    given = make(tmp_path)
    import_predictions = operator("import_predictions")
    before, files = database_of(samples), temporary()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=message) as refused:
            import_predictions(samples, field="model", **given)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert type(refused.value).__name__ == "InputError"
    assert len(str(refused.value)) < 1_500
    assert taken < 150 * 1024 * 1024
    assert database_of(samples) == before
    assert temporary() <= files


def test_an_honest_large_file_is_read(samples: Any, operator: Any, tmp_path: Path) -> None:
    """300,000 rows of 1,000 classes, of which the dataset has ten: a file with a hole, 1.2 GB."""
    rows, classes = 300_000, [f"class {i}" for i in range(1_000)]
    header(tmp_path / "p.npy", (rows, 1_000))
    with (tmp_path / "p.npy").open("r+b") as file:
        begin = file.seek(0, os.SEEK_END)
        file.truncate(begin + rows * 4_000)
    found = [*(f"/elsewhere/{i}.png" for i in range(rows - 10)), *samples.values("filepath")]
    (tmp_path / "keys.txt").write_text("\n".join(found))
    array = np.lib.format.open_memmap(tmp_path / "p.npy", mode="r+")
    array[-10:, 7] = 1
    array.flush()
    from plugin.predictions.files import opened
    from plugin.predictions.limits import Expected

    with opened(tmp_path / "p.npy", Expected(10), classes, tmp_path / "keys.txt") as file:
        first = next(file.rows())
        assert first.scores is not None
        assert first.scores.shape[1] == 1_000
    # And an archive of one-hot scores for the samples that are there: packed to a hundredth.
    hot = np.zeros((10, 20_000), np.float64)
    hot[:, 7] = 1
    names = [f"class {i}" for i in range(20_000)]
    paths = np.array(samples.values("filepath"))
    np.savez_compressed(tmp_path / "p.npz", filepaths=paths, probs=hot, classes=names)
    result = operator("import_predictions")(samples, tmp_path / "p.npz", "hot")
    assert result["written"] == 10
    samples.reload()
    assert samples.values("hot.label") == ["class 7"] * 10
    samples.delete_sample_field("hot")
