"""``import_predictions``: class numbers with and without a list of classes, and copies of files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from tests.traces import database_of

pytestmark = pytest.mark.slow

NAMES = ["cat", "dog", "hen"]
N = 12
FORMS = ("csv", "jsonl", "npz")


@pytest.fixture
def made() -> Iterator[Callable[..., Any]]:
    """A factory of datasets whose files are never opened."""
    datasets: list[Any] = []

    def make(labels: list[str], files: list[str] | None = None) -> Any:
        samples = fo.Dataset()
        files = files or [f"/nowhere/{i}.png" for i in range(len(labels))]
        samples.add_samples(
            [
                fo.Sample(filepath=path, ground_truth=fo.Classification(label=label))
                for path, label in zip(files, labels, strict=True)
            ],
            progress=False,
        )
        datasets.append(samples)
        return samples

    yield make
    for samples in datasets:
        samples.delete()


@pytest.fixture
def animals(made: Callable[..., Any]) -> Any:
    return made([NAMES[i % 3] for i in range(N)])


def labelled(folder: Path, form: str, labels: list[Any], files: list[str] | None = None) -> Path:
    """A file of labels with confidences, as people write it."""
    files = files or [f"/nowhere/{i}.png" for i in range(len(labels))]
    path = folder / f"p.{form}"
    if form == "csv":
        lines = [f"{f},{label},0.9" for f, label in zip(files, labels, strict=True)]
        path.write_text("filepath,label,confidence\n" + "\n".join(lines))
    elif form == "jsonl":
        rows = zip(files, labels, strict=True)
        lines = [json.dumps({"filepath": f, "label": x, "confidence": 0.9}) for f, x in rows]
        path.write_text("\n".join(lines))
    else:
        sure = np.full(len(labels), 0.9)
        np.savez(path, filepaths=np.array(files), labels=np.array(labels), confidences=sure)
    return path


NUMBERS: dict[str, Callable[[int], Any]] = {"whole": int, "text": str, "float": float}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("written", NUMBERS)
def test_class_numbers_are_the_names_of_a_list(
    animals: Any, operator: Any, tmp_path: Path, form: str, written: str
) -> None:
    path = labelled(tmp_path, form, [NUMBERS[written](i % 3) for i in range(N)])
    result = operator("import_predictions")(
        animals, path, "m", classes=NAMES, label_field="ground_truth"
    )
    assert (result["written"], result["foreign_classes"], result["classes"]) == (N, [], 3)
    animals.reload()
    assert animals.values("m.label") == animals.values("ground_truth.label")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("field", ["ground_truth", None])
def test_class_numbers_without_a_list_are_no_names(
    animals: Any, operator: Any, tmp_path: Path, form: str, field: str | None
) -> None:
    path = labelled(tmp_path, form, [i % 3 for i in range(N)])
    before = database_of(animals)
    with pytest.raises(ValueError, match=r"seems to predict class numbers .*Give classes"):
        operator("import_predictions")(animals, path, "m", label_field=field)
    assert database_of(animals) == before


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("field", ["ground_truth", None])
@pytest.mark.parametrize("classes", [None, ["2", "1", "0"]])
def test_digits_that_are_labels_are_names(
    made: Any,
    operator: Any,
    tmp_path: Path,
    form: str,
    field: str | None,
    classes: list[str] | None,
) -> None:
    samples = made([str(i % 3) for i in range(N)])
    path = labelled(tmp_path, form, [str(i % 3) for i in range(N)])
    operator("import_predictions")(samples, path, "m", label_field=field, classes=classes)
    samples.reload()
    assert samples.values("m.label") == samples.values("ground_truth.label")


def test_names_that_are_digits_beside_their_numbers(
    made: Any, operator: Any, tmp_path: Path
) -> None:
    """Classes "1", "2", "3" by their numbers 0, 1, 2: the file is taken as a whole."""
    samples = made([str(1 + i % 3) for i in range(N)])
    path = labelled(tmp_path, "csv", [i % 3 for i in range(N)])
    operator("import_predictions")(samples, path, "m", classes=["1", "2", "3"])
    samples.reload()
    assert samples.values("m.label") == samples.values("ground_truth.label")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["0", "1", "3"], "row 3: the label '3' is none of the 3 classes .*number from 0 to 2"),
        (["0", "-1", "2"], "row 2: the label '-1' is none of"),
        (["0", "1.5", "2"], "row 2: the label '1.5' is none of"),
        (["cat", "1", "dog"], "row 2: the label '1' is a number .*row 1 has the name 'cat'"),
        (["1", "1", "hen"], "row 1: the label '1' is a number .*row 3 has the name 'hen'"),
        (["cat", "zebra", "1"], "row 2: the label 'zebra' is none of"),
        (["9" * 400, "1", "2"], "row 1: the label '9999.* is none of"),
        (["9" * 5_000, "1", "2"], "row 1: the label '9999.* is none of"),
    ],
)
def test_numbers_that_are_no_classes_are_refused_with_their_row(
    animals: Any, operator: Any, tmp_path: Path, form: str, labels: list[str], message: str
) -> None:
    path = labelled(tmp_path, form, labels)
    before = database_of(animals)
    with pytest.raises(ValueError, match=message) as refused:
        operator("import_predictions")(animals, path, "m", classes=NAMES)
    assert len(str(refused.value)) < 1_000
    assert database_of(animals) == before


def scored(folder: Path, form: str, columns: list[Any]) -> Path:
    """A file of probabilities whose classes are called as in ``columns``; row i is class i % 3."""
    path = folder / f"s.{form}"
    rows = [[0.9 if c == i % 3 else 0.05 for c in range(3)] for i in range(N)]
    files = [f"/nowhere/{i}.png" for i in range(N)]
    order = [int(c) if str(c).isdigit() else NAMES.index(c) for c in columns]
    moved = [[row[c] for c in order] for row in rows]
    if form == "csv":
        lines = [",".join([f, *map(str, row)]) for f, row in zip(files, moved, strict=True)]
        path.write_text("\n".join([",".join(["filepath", *map(str, columns)]), *lines]))
    elif form == "jsonl":
        lines = [
            {"filepath": f, "probabilities": dict(zip(columns, row, strict=True))}
            for f, row in zip(files, moved, strict=True)
        ]
        path.write_text("\n".join(map(json.dumps, lines)))
    else:
        arrays: dict[str, Any] = {"probabilities": moved, "classes": columns, "filepaths": files}
        np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("columns", [[0, 1, 2], [2, 0, 1], ["hen", "cat", "dog"]])
def test_numbered_scores_are_those_of_a_list(
    animals: Any, operator: Any, tmp_path: Path, form: str, columns: list[Any]
) -> None:
    path = scored(tmp_path, form, columns)
    result = operator("import_predictions")(
        animals, path, "m", classes=NAMES, label_field="ground_truth", values="probabilities"
    )
    assert (result["written"], result["unknown_labels"]) == (N, [])
    animals.reload()
    assert animals.values("m.label") == animals.values("ground_truth.label")
    assert sorted(animals.classes["m"]) == NAMES
    if columns != NAMES and columns[0] != "hen":
        before = database_of(animals)
        with pytest.raises(ValueError, match="seems to predict class numbers"):
            operator("import_predictions")(animals, path, "m2", values="probabilities")
        assert database_of(animals) == before


def test_lists_of_classes_that_contradict_the_file_are_refused(
    animals: Any, operator: Any, tmp_path: Path
) -> None:
    before = database_of(animals)
    path = scored(tmp_path, "npz", NAMES)
    with pytest.raises(ValueError, match=r"3 names were given .*states 3 others"):
        operator("import_predictions")(animals, path, "m", classes=["cat", "dog", "cow"])
    with pytest.raises(ValueError, match="2 names were given"):
        operator("import_predictions")(
            animals, scored(tmp_path, "npz", [0, 1, 2]), "m", classes=["cat", "dog"]
        )
    with pytest.raises(ValueError, match="no column 'cat', nor columns that are numbered"):
        operator("import_predictions")(
            animals, scored(tmp_path, "csv", [0, 1, 2]), "m", classes=["cat", "dog"]
        )
    assert database_of(animals) == before


@pytest.mark.parametrize("form", FORMS)
def test_all_samples_with_a_file_get_its_row(
    made: Any, operator: Any, tmp_path: Path, form: str
) -> None:
    files = [f"/nowhere/{i // 2}.png" for i in range(N)]
    samples = made([NAMES[(i // 2) % 3] for i in range(N)], files)
    path = labelled(tmp_path, form, [NAMES[i % 3] for i in range(N // 2)])
    result = operator("import_predictions")(samples, path, "m", label_field="ground_truth")
    assert (result["rows"], result["written"], result["without_row"]) == (N // 2, N, 0)
    assert (result["repeated"], result["unmatched"]) == (0, 0)
    samples.reload()
    assert samples.values("m.label") == samples.values("ground_truth.label")
    view = samples.limit(3)
    limited = operator("import_predictions")(view, path, "v")
    assert (limited["written"], limited["unmatched"]) == (3, 4)
    samples.reload()
    assert len(samples.exists("v")) == 3


def test_of_several_rows_about_a_file_the_first_counts(
    made: Any, operator: Any, tmp_path: Path
) -> None:
    samples = made(["cat"] * 4, ["/nowhere/a.png"] * 3 + ["/nowhere/b.png"])
    files = ["/nowhere/a.png", "/nowhere/b.png", "/nowhere/a.png", "/nowhere/a.png"]
    path = labelled(tmp_path, "csv", ["dog", "hen", "hen", "cat"], files)
    result = operator("import_predictions")(samples, path, "m")
    assert (result["written"], result["repeated"]) == (4, 2)
    assert [row["row"] for row in result["repeated_rows"]] == [3, 4]
    samples.reload()
    assert samples.values("m.label") == ["dog", "dog", "dog", "hen"]


def test_an_id_names_one_of_the_copies(made: Any, operator: Any, tmp_path: Path) -> None:
    samples = made(["cat", "dog"], ["/nowhere/a.png"] * 2)
    first, second = samples.values("id")
    lines = [f"{second},/nowhere/a.png,hen,0.9", f"{first},/nowhere/a.png,cow,0.9"]
    (tmp_path / "p.csv").write_text("id,filepath,label,confidence\n" + "\n".join(lines))
    assert operator("import_predictions")(samples, tmp_path / "p.csv", "m")["written"] == 2
    samples.reload()
    assert samples.values("m.label") == ["cow", "hen"]
