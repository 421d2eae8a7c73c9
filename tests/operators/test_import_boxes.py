"""``import_predictions`` of boxes: COCO's JSON and YOLO's text, as people have them."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

from tests.traces import database_of

pytestmark = pytest.mark.slow

IMPORT = "import_predictions"
CLASSES = ["ant", "bee", "cat"]
SIZES = [(100, 80), (60, 120), (200, 50), (64, 64), (90, 90), (128, 32)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Images on disk with labels; shared by tests that write to fields of their own."""
    folder = tmp_path_factory.mktemp("images")
    samples = []
    for i, (wide, high) in enumerate(SIZES):
        path = folder / f"{i:06d}.png"
        Image.new("RGB", (wide, high)).save(path)
        labels = [
            fo.Detection(label=CLASSES[(i + j) % 3], bounding_box=[0.1 + 0.2 * j, 0.2, 0.15, 0.5])
            for j in range(3)
        ]
        sample = fo.Sample(filepath=str(path))
        sample["gt"] = fo.Detections(detections=labels)
        samples.append(sample)
    dataset = fo.Dataset(f"test-{uuid.uuid4().hex[:12]}")
    dataset.add_samples(samples, progress=False)
    yield dataset
    dataset.delete()


@pytest.fixture
def images(kept: Any) -> Iterator[Any]:
    yield kept
    for name in [n for n in kept.get_field_schema() if n.startswith("new")]:
        kept.delete_sample_field(name)
    kept.classes = {}
    kept.save()


def truth(dataset: Any) -> list[tuple[str, int, list[float], float]]:
    """Rows to be imported: file name, class number, relative box, confidence."""
    found = []
    for sample in dataset.sort_by("filepath"):
        for j, one in enumerate(sample.gt.detections):
            name = os.path.basename(sample.filepath)
            found.append((name, CLASSES.index(one.label), one.bounding_box, 0.9 - 0.1 * j))
    return found


def size_of(name: str) -> tuple[int, int]:
    return SIZES[int(name.partition(".")[0])]


def coco_images() -> list[dict[str, Any]]:
    return [
        {"id": 100 + i, "file_name": f"{i:06d}.png", "width": w, "height": h}
        for i, (w, h) in enumerate(SIZES)
    ]


def categories(first: int = 1) -> list[dict[str, Any]]:
    return [{"id": first + i, "name": name} for i, name in enumerate(CLASSES)]


def pixels(name: str, box: list[float]) -> list[float]:
    w, h = size_of(name)
    return [box[0] * w, box[1] * h, box[2] * w, box[3] * h]


def results(dataset: Any, first: int = 1) -> list[dict[str, Any]]:
    return [
        {
            "image_id": 100 + int(name.partition(".")[0]),
            "category_id": number + first,
            "bbox": pixels(name, box),
            "score": sure,
        }
        for name, number, box, sure in truth(dataset)
    ]


def kept_as(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def listing(path: Path, first: int = 1) -> Path:
    return kept_as(path / "gt.json", {"images": coco_images(), "categories": categories(first)})


def yolo(folder: Path, rows: list[tuple[str, int, list[float], float]], form: str = "") -> Path:
    """A folder of texts in one of the ways that people write them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, number, (x, y, w, h), sure in rows:
        wide, high = size_of(name)
        cx, cy = x + w / 2, y + h / 2
        text = {
            "": f"{number} {cx} {cy} {w} {h} {sure}",
            "labels": f"{number} {cx} {cy} {w} {h}",
            "first": f"{number} {sure} {cx} {cy} {w} {h}",
            "pixels": f"{number} {cx * wide} {cy * high} {w * wide} {h * high} {sure}",
            "xyxy": f"{number} {x} {y} {x + w} {y + h} {sure}",
            "from 1": f"{number + 1} {cx} {cy} {w} {h} {sure}",
            "names": f"{CLASSES[number]} {cx} {cy} {w} {h} {sure}",
            "track": f"{number} {cx} {cy} {w} {h} {sure} 17",
            "outline": f"{number} {x} {y} {x + w} {y} {x + w} {y + h} {x} {y + h} {sure}",
            "scores": f"{number} {cx} {cy} {w} {h} {sure} "
            + " ".join("0.8" if i == number else "0.1" for i in range(3)),
        }[form]
        with (folder / f"{Path(name).stem}.txt").open("a") as file:
            file.write(text + "\n")
    return folder


def as_imported(dataset: Any, field: str) -> list[tuple[str, str, list[float], float]]:
    dataset.reload()
    return [
        (os.path.basename(s.filepath), d.label, d.bounding_box, d.confidence)
        for s in dataset.sort_by("filepath")
        for d in (s[field].detections if s[field] else [])
    ]


def check_all(dataset: Any, field: str, *, sure: bool = True) -> None:
    """Each box is where it belongs, with its class and confidence."""
    found, wanted = as_imported(dataset, field), truth(dataset)
    assert [(n, c) for n, c, _, _ in found] == [(n, CLASSES[c]) for n, c, _, _ in wanted]
    got, due = np.array([b for *_, b, _ in found]), np.array([b for *_, b, _ in wanted])
    np.testing.assert_allclose(got, due, atol=1e-6)
    if sure:
        got, due = np.array([c for *_, c in found]), np.array([c for *_, c in wanted])
        np.testing.assert_allclose(got, due)


def test_results_with_the_file_that_lists_their_images(
    images: Any, operator: Any, tmp_path: Path
) -> None:
    given = kept_as(tmp_path / "r.json", results(images)[3:])
    options = {"images": listing(tmp_path), "label_field": "gt"}
    before = database_of(images)
    seen = operator(IMPORT)(images, given, "new", preview=True, **options)
    assert database_of(images) == before
    result = operator(IMPORT)(images, given, "new", **options)
    assert seen == result | {"preview": True}
    assert (result["rows"], result["objects"], result["written"]) == (15, 15, 6)
    # The first image is listed: nothing was seen on it.
    assert result["without_objects"] == 1
    images.reload()
    lists = [s.new.detections for s in images.sort_by("filepath")]
    assert lists[0] == []
    assert [len(found) for found in lists] == [0, 3, 3, 3, 3, 3]
    assert result["compared"]["found"] == pytest.approx(15 / 18)
    assert result["compared"]["same_class"] == 1
    assert result["matched_by"] == {"file name": 6}
    check = as_imported(images, "new")
    assert len(check) == 15


@pytest.mark.parametrize("variant", ["0-based", "1-based", "90 ids"])
def test_categories_by_their_ids(images: Any, operator: Any, tmp_path: Path, variant: str) -> None:
    rows = results(images)
    named = {"0-based": 0, "1-based": 1, "90 ids": 1}[variant]
    entries = categories(named)
    for entry in entries if variant == "90 ids" else []:
        entry["id"] *= 30
    for row in rows:
        row["category_id"] = (row["category_id"] - 1 + named) * (30 if variant == "90 ids" else 1)
    gt = kept_as(tmp_path / "gt.json", {"categories": entries, "images": coco_images()})
    operator(IMPORT)(images, kept_as(tmp_path / "r.json", rows), "new", images=gt)
    check_all(images, "new")


@pytest.mark.parametrize(("has", "says"), [(0, 1), (1, 0)])
def test_numbers_that_begin_elsewhere_than_the_categories(
    images: Any, operator: Any, tmp_path: Path, has: int, says: int
) -> None:
    given = kept_as(tmp_path / "r.json", results(images, has))
    result = operator(IMPORT)(images, given, "new", images=listing(tmp_path, says))
    assert f"numbered from {has}, though the categories are from {says}" in result["read_as"]
    check_all(images, "new")


def test_a_whole_coco_file_and_images_by_number_alone(
    images: Any, operator: Any, tmp_path: Path
) -> None:
    whole = {"annotations": results(images), "categories": categories(), "images": coco_images()}
    whole["images"].append({"id": 7, "file_name": "elsewhere/none.png", "width": 9, "height": 9})
    whole["annotations"].append({"image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5], "score": 1})
    result = operator(IMPORT)(images, kept_as(tmp_path / "w.json", whole), "new_whole")
    check_all(images, "new_whole")
    assert (result["unmatched"], result["unmatched_images"]) == (1, 1)
    assert result["unmatched_rows"] == [{"row": "", "key": "elsewhere/none.png"}]
    # Ultralytics names an image by the number in its name, and lists none.
    rows = results(images)
    for row in rows:
        row["image_id"] -= 100
    given = kept_as(tmp_path / "r.json", rows[:9])
    result = operator(IMPORT)(images, given, "new", classes={"1": "ant", "2": "bee", "3": "cat"})
    assert (result["objects"], result["written"], result["without_row"]) == (9, 3, 3)
    assert "images without boxes are not known" in result["read_as"]
    result = operator(IMPORT)(
        images, given, "new_e", classes=CLASSES, numbers_from=1, unseen="empty"
    )
    assert (result["written"], result["without_objects"], result["without_row"]) == (6, 3, 0)
    images.reload()
    assert [len(s.new_e.detections) for s in images.sort_by("filepath")] == [3, 3, 3, 0, 0, 0]


@pytest.mark.parametrize("variant", ["xyxy", "relative", "relative xyxy"])
def test_boxes_that_are_not_what_coco_has(
    images: Any, operator: Any, tmp_path: Path, variant: str
) -> None:
    rows = results(images)
    for row, (_, _, box, _) in zip(rows, truth(images), strict=True):
        at = list(box) if "relative" in variant else row["bbox"]
        row["bbox"] = [*at[:2], at[0] + at[2], at[1] + at[3]] if "xyxy" in variant else at
    given = kept_as(tmp_path / "r.json", rows)
    if "xyxy" in variant:  # boxes of the left half fit either way: the others speak
        far = [r for r in rows if r["bbox"][0] > 0.25 * (1 if "rel" in variant else 50)]
        given = kept_as(tmp_path / "r.json", far)
    result = operator(IMPORT)(images, given, "new", images=listing(tmp_path))
    told = {"xyxy": "right, bottom in pixels, since", "relative": "width, height in shares"}
    assert told.get(variant, "right, bottom in shares of the image, since") in result["read_as"]
    due = {(n, CLASSES[c]): b for n, c, b, _ in truth(images)}
    for name, label, box, _ in as_imported(images, "new"):
        np.testing.assert_allclose(box, due[name, label], atol=1e-6)


FORMS = ("", "first", "pixels", "xyxy", "from 1", "names", "track", "outline", "labels", "scores")


@pytest.mark.parametrize("form", FORMS)
def test_yolo_in_the_ways_that_people_write_it(
    images: Any, operator: Any, tmp_path: Path, form: str
) -> None:
    folder = yolo(tmp_path / "labels" / "val", truth(images), form)
    (tmp_path / "data.yaml").write_text("names:\n  0: ant\n  1: bee\n  2: cat\n")
    result = operator(IMPORT)(images, folder.parent, "new", label_field="gt")
    check_all(images, "new", sure=form != "labels")
    assert (result["rows"], result["objects"], result["written"]) == (18, 18, 6)
    assert result["compared"]["same_class"] == 1
    said = {
        "first": "the confidence before the box",
        "pixels": "in pixels",
        "xyxy": "left, top, right, bottom in shares of the image, since",
        "from 1": "classes numbered from 1, though the categories are from 0",
        "track": "a track's number",
        "labels": "no confidence",
        "scores": "scores of 3 classes",
    }
    assert said.get(form, "") in result["read_as"]
    assert result["values"] == {"labels": "none", "scores": "class_scores"}.get(form, "confidence")
    if form == "scores":
        assert images.classes == {"new": CLASSES}
        assert images.first().new.detections[0].class_scores == [0.8, 0.1, 0.1]


def test_files_without_lines_missing_files_and_broken_lines(
    images: Any, operator: Any, tmp_path: Path
) -> None:
    folder = yolo(tmp_path / "p", [row for row in truth(images) if row[0] < "000003"])
    (folder / "classes.txt").write_text("ant\nbee\ncat\n")
    (folder / "000003.txt").write_text("\n")
    (folder / "000099.txt").write_text("0 .5 .5 .1 .1 .9\n")
    with (folder / "000000.txt").open("a") as file:
        file.write("0 0.5 x 0.1 0.1 0.9\n7 .5 .5 .1 .1 .9\n0 .5 .5 .1\n0 .5 .5 0 .1 .9\n")
        file.write("0 .5 .5 .1 .1 1.9\n0 2.5 .5 .1 .1 .9\n")
        file.write((folder / "000000.txt").read_text().splitlines()[1] + "\n")
    (folder / "000001.txt").open("ab").write(b"\xff\xfe\n")
    result = operator(IMPORT)(images, folder, "new")
    images.reload()
    lists = [s.new and s.new.detections for s in images.sort_by("filepath")]
    assert [None if found is None else len(found) for found in lists] == [3, 3, 3, 0, None, None]
    assert result["without_objects"] == 1
    assert {os.path.basename(s["filepath"]) for s in result["samples_without_row"]} == {
        "000004.png",
        "000005.png",
    }
    reasons = {entry["row"]: entry["reason"] for entry in result["skipped_rows"]}
    assert reasons == {
        "000000.txt, line 4": "'x' is no number",
        "000000.txt, line 5": "no such class: 7",
        "000000.txt, line 6": "3 numbers after the class; expected a class and four numbers, and a "
        "confidence where there is one",
        "000000.txt, line 7": "a box without width or height: 0.5, 0.5, 0, 0.1",
        "000000.txt, line 8": "no confidence between 0 and 1: 1.9",
        "000000.txt, line 9": "a box outside of its image: 2.5, 0.5, 0.1, 0.1",
        "000001.txt, line 4": "no UTF-8 text",
    }
    assert (result["repeated"], result["repeated_rows"]) == (
        1,
        [{"row": "000000.txt, line 10", "key": "000000.txt"}],
    )
    assert (result["unmatched"], result["unmatched_images"]) == (1, 1)


def refused(dataset: Any, operator: Any, path: Any, match: str, **options: Any) -> None:
    before = database_of(dataset)
    with pytest.raises(ValueError, match=match):
        operator(IMPORT)(dataset, path, "new", **options)
    assert database_of(dataset) == before


def test_what_cannot_be_told_is_refused_and_changes_nothing(
    images: Any, operator: Any, tmp_path: Path
) -> None:
    rows = results(images)
    r, gt = kept_as(tmp_path / "r.json", rows), listing(tmp_path)
    refused(images, operator, r, "no image of .* is a sample")
    refused(images, operator, tmp_path / "none.json", "there is no file or folder")
    refused(images, operator, r, "images: there is no file", images=tmp_path / "none.json")
    refused(images, operator, r, "images: .* is a JSON list", images=r)
    refused(images, operator, r, "belongs to files of one class", images=gt, values="logits")
    refused(images, operator, r, "boxes must be one of", images=gt, boxes="ltrb")
    refused(images, operator, r, "numbers_from must be 0 or 1", images=gt, numbers_from=2)
    refused(images, operator, r, "'filepath'.*Detections", images=gt, label_field="filepath")
    refused(
        images,
        operator,
        r,
        "no class in common",
        images=gt,
        classes=["x", "y", "z"],
        numbers_from=1,
        label_field="gt",
    )
    only = kept_as(tmp_path / "only.json", {"images": coco_images()})
    refused(images, operator, r, "class numbers .* nothing says what they are", images=only)
    two = [row for row in rows if row["category_id"] != 3]
    refused(
        images,
        operator,
        kept_as(tmp_path / "two.json", two),
        "first may be number 0 or 1",
        images=only,
        classes=CLASSES,
    )
    (tmp_path / "cut.json").write_text(json.dumps(rows)[:-9])
    refused(images, operator, tmp_path / "cut.json", "is no JSON", images=gt)
    for name, text in (("o.json", "{}"), ("n.json", "3"), ("s.json", '"a"')):
        (tmp_path / name).write_text(text)
        refused(images, operator, tmp_path / name, "JSON", images=gt)
    odd = [{**row, "bbox": [*row["bbox"][:2], 500, 500]} for row in rows]
    refused(
        images, operator, kept_as(tmp_path / "odd.json", odd), "what the four numbers", images=gt
    )
    bad = [{**row, "score": 87.0} for row in rows]
    refused(
        images,
        operator,
        kept_as(tmp_path / "bad.json", bad),
        "no row .* entry 1: no confidence between 0 and 1: 87",
        images=gt,
    )
    (tmp_path / "empty").mkdir()
    refused(images, operator, tmp_path / "empty", "no .txt file")
    refused(images, operator, yolo(tmp_path / "y", truth(images)), "nothing says what they are")
    csv = tmp_path / "p.csv"
    csv.write_text("id,label,confidence\n")
    refused(images, operator, csv, "boxes: it belongs to files of boxes", boxes="xyxy")


def test_a_wrong_order_of_classes_is_said(images: Any, operator: Any, tmp_path: Path) -> None:
    rows = truth(images) * 2
    shifted = [
        (n, (c + 1) % 3, [b[0] + 0.001 * (i > 17), *b[1:]], s)
        for i, (n, c, b, s) in enumerate(rows)
    ]
    folder = yolo(tmp_path / "y", shifted)
    result = operator(IMPORT)(
        images, folder, "new", classes=CLASSES, label_field="gt", preview=True
    )
    # Eighteen labels are too few to say so.
    assert (result["compared"]["same_class"], result["compared"]["warning"]) == (0, "")


def test_names_that_several_images_have(operator: Any, dataset_name: str, tmp_path: Path) -> None:
    dataset = fo.Dataset(dataset_name)
    paths = [tmp_path / part / "a.png" for part in ("train", "val")]
    for path in paths:
        path.parent.mkdir()
        Image.new("L", (10, 10)).save(path)
    dataset.add_samples([fo.Sample(filepath=str(p)) for p in paths], progress=False)
    line = "0 .5 .5 .2 .2 .9"
    (tmp_path / "val.d" / "val").mkdir(parents=True)
    (tmp_path / "val.d" / "val" / "a.txt").write_text(line)
    operator(IMPORT)(dataset, tmp_path / "val.d", "new", classes=["ant"])
    assert [s.new is None for s in dataset.sort_by("filepath")] == [True, False]
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "a.txt").write_text(line)
    refused(
        dataset,
        operator,
        tmp_path / "flat",
        "several samples have that name",
        classes=["ant"],
        overwrite=True,
    )
    view = dataset.match(fo.ViewField("filepath").contains_str("train"))
    result = operator(IMPORT)(view, tmp_path / "flat", "new_v", classes=["ant"])
    assert result["written"] == 1
    dataset.reload()
    assert [s.new_v is None for s in dataset.sort_by("filepath")] == [False, True]


def test_what_was_imported_is_compared_with_labels(
    operator: Any, dataset_name: str, tmp_path: Path
) -> None:
    from tests.operators.test_find_object_errors import find, made

    dataset, _ = made(dataset_name)
    entries, listed = [], []
    for i, sample in enumerate(dataset):
        listed.append({"id": i, "file_name": sample.filepath, "width": 200, "height": 100})
        for one in sample.model.detections:
            x, y, w, h = one.bounding_box
            scores = [0.05, 0.05, 0.05]
            scores[CLASSES.index(one.label)] = one.confidence
            entries.append(
                {
                    "image_id": i,
                    "category_id": CLASSES.index(one.label),
                    "bbox": [x * 200, y * 100, w * 200, h * 100],
                    "score": one.confidence,
                    "scores": scores,
                }
            )
    whole = {"images": listed, "annotations": entries, "categories": categories(0)}
    operator(IMPORT)(dataset, kept_as(tmp_path / "w.json", whole), "new", label_field="gt")
    direct = find(operator, dataset)
    result = find(operator, dataset, prediction_fields=["new"], run_key="imported")
    assert "class_scores" in result["assumed"][0]
    assert result["objects"] == direct["objects"]
    for kind, count in direct["suspects"].items():
        assert abs(result["suspects"][kind] - count) <= 3


def test_the_form_asks_what_boxes_need(
    images: Any, operator: Any, context: Any, tmp_path: Path
) -> None:
    def asked(path: Path, **params: Any) -> dict[str, Any]:
        chosen = {"absolute_path": str(path)}
        ctx = context(images, IMPORT, path=chosen, **params)
        ctx.executor = None
        return operator(IMPORT).resolve_input(ctx).type.properties

    given = kept_as(tmp_path / "r.json", results(images))
    assert {"images", "classes", "preview"} <= asked(given).keys()
    more = asked(given, show_advanced=True)
    assert {"boxes", "units", "unseen", "numbers_from", "match"} <= more.keys()
    assert "values" not in more
    folder = yolo(tmp_path / "y", truth(images))
    found = asked(folder / "000000.txt", show_advanced=True)
    assert "boxes" in found
    assert "images" not in found
    assert "values" in asked(tmp_path / "p.csv", show_advanced=True)
    chosen = {"absolute_path": str(folder / "000000.txt")}
    params = {"path": chosen, "field": "new", "class_names": CLASSES, "target": "dataset"}
    ctx = context(images, IMPORT, **params)
    assert operator(IMPORT).work(ctx)(lambda *_: None)["objects"] == 18
    check_all(images, "new")


def test_the_app_reads_nothing_outside_of_the_folders_for_imports(
    images: Any, operator: Any, context: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = truth(images)
    folder = yolo(tmp_path / "in" / "deep" / "y", rows[:3])
    outside = yolo(tmp_path / "out", rows[3:])
    (tmp_path / "in" / "data.yaml").write_text("names: [ant, bee, cat]\n")
    (folder / "000001.txt").symlink_to(outside / "000001.txt")
    monkeypatch.setenv("DECONFUSE_IMPORT_DIR", str(tmp_path / "in"))

    def asked(path: Path) -> Any:
        chosen = {"absolute_path": str(path / "000000.txt")}
        ctx = context(images, IMPORT, path=chosen, field="new", target="dataset", preview=True)
        return operator(IMPORT).work(ctx)(lambda *_: None)

    # The link leads out, so that it is no file of the folder.
    assert (asked(folder)["rows"], asked(folder)["written"]) == (3, 1)
    with pytest.raises(ValueError, match="files are read in"):
        asked(outside)
    # Class names beside the folder are looked for where the App may read, and nowhere else.
    monkeypatch.setenv("DECONFUSE_IMPORT_DIR", str(folder))
    with pytest.raises(ValueError, match="nothing says what they are"):
        asked(folder)
