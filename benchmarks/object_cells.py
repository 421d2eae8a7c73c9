"""How many errors that people made in boxes are among the first ones looked at: blood cells.

``python benchmarks/object_cells.py [--data FOLDER] [--first 500] [--predictions FILE]``

343 pictures of blood, whose red cells were labelled in 2017 (``first``) and gone over a year later
(``revised``): of the red cells 315 boxes were added, 64 dropped, and 88 moved to an overlap below
.7. The detector (``cell_detector.py``) is trained on the first labels, out of fold, in minutes on
two cores; it is kept in FILE where one is named. Items are labels and, where no label is, what
the detector sees: one that overlaps an added box by half has found it. Rivals as in ``objects.py``.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import object_rivals  # noqa: E402
import own_database  # noqa: E402
from object_data import Photographs, hits  # noqa: E402
from real_data import data_folder  # noqa: E402

from plugin.objects.boxes import USABLE, Boxes, by_image, within_image  # noqa: E402
from plugin.objects.detections import of_detector  # noqa: E402
from plugin.objects.matching import match  # noqa: E402
from plugin.objects.overlaps import overlaps  # noqa: E402
from plugin.objects.scoring import fold_of_images, learn  # noqa: E402

SAME, MOVED = 0.3, 0.7
"""IoU from which boxes of the two versions are one cell's, and below which it was moved."""


def red_cells(folder: Path, version: str, files: list[str]) -> Boxes:
    """The red cells of one version; a box without width is left out."""
    with (folder / "bccd_labels.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["version"] == version and r["label"] == "RBC"]
    given = np.array([[float(r[k]) for k in ("x", "y", "width", "height")] for r in rows])
    box, problem = within_image(given)
    use = problem == USABLE
    image = np.array([files.index(r["file"]) for r in rows])[use]
    return by_image(box[use], np.zeros(use.sum(), np.int32), image, len(files))


def detections(archive: Path, files: list[str], labels: Boxes, kept: str | None) -> Photographs:
    """What a detector says that has not seen the picture."""
    if kept and Path(kept).exists():
        found = np.load(kept)
        box, image, sure = found["box"], found["image"], found["sure"]
    else:
        from cell_detector import out_of_fold, pictures

        boxes, sure, seconds = out_of_fold(pictures(archive, files), labels)
        box, image = boxes.box, boxes.image
        print(f"the detector was trained in {seconds:.0f} CPU seconds")
        if kept:
            np.savez(kept, box=box, image=image, sure=sure)
    boxes = by_image(box, np.zeros(len(box), np.int32), image, len(files))
    scores = np.asarray(sure, np.float32)[:, None]
    return Photographs(files, ["RBC"], labels, of_detector(boxes, sure), scores)


def changes(first: Boxes, revised: Boxes) -> tuple[np.ndarray, Boxes]:
    """What became of each first label ('', 'dropped', 'moved'), and the boxes that were added."""
    pairs = overlaps(first, revised, SAME)
    ours, theirs = match(pairs, pairs.iou, len(first), len(revised))
    shared = np.zeros(len(first))
    together = ours[pairs.one] == pairs.other
    shared[pairs.one[together]] = pairs.iou[together]
    became = np.where(ours < 0, "dropped", np.where(shared < MOVED, "moved", ""))
    return became, revised.only(theirs < 0)


def found_first(
    of_label: np.ndarray, seen: Boxes, of_seen: np.ndarray, became: np.ndarray, added: Boxes, n: int
) -> dict[str, int]:
    """How many of each are among the first n items of an order; NaN is not in it."""
    said = np.isfinite(of_seen)
    shown = seen.only(said)
    hit = hits(shown, of_seen[said], added)
    there = np.isfinite(of_label)
    score = np.concatenate([of_label[there], of_seen[said]])
    what = np.concatenate([became[there], np.where(hit, "added", "")])
    top = what[np.argsort(-score, kind="stable")[:n]]
    counts = {name: int((top == name).sum()) for name in ("added", "dropped", "moved")}
    return {**counts, "all": sum(counts.values())}


def orders(
    photographs: Photographs, labels: Boxes, fiftyone: bool
) -> dict[str, tuple[np.ndarray, Boxes, np.ndarray]]:
    """Scores of labels and of what is seen, by ranking."""
    said, fold = photographs.detections, fold_of_images(labels.images)
    found = learn(labels, said, fold, 1, seed=51).score(labels, said, fold)
    missing = np.zeros(len(found.objects), bool)
    missing[found.missing] = True
    candidates = found.objects.boxes.only(missing)
    pairs = overlaps(labels, said.boxes, 0.5)
    best, covered = np.zeros(len(labels)), np.zeros(len(said), bool)
    np.maximum.at(best, pairs.one, said.confidence[pairs.other])
    covered[pairs.other] = True
    confidence = np.where(covered, np.nan, said.confidence)
    result = {
        "Deconfuse": (found.labels.suspicion, candidates, found.candidates.suspicion),
        "confidence alone": (1 - best, said.boxes, confidence),
    }
    rivals = {"cleanlab ObjectLab": object_rivals.objectlab}
    if fiftyone:
        rivals["FiftyOne mistakenness"] = object_rivals.mistakenness
    for name, run in rivals.items():
        verdict = run(photographs, labels)
        result[name] = (verdict.in_one_order, said.boxes, verdict.of_detection)
    return result


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--first", type=int, default=500)
    parser.add_argument("--predictions")
    parser.add_argument("--fiftyone", action="store_true", help="and FiftyOne, a minute")
    options = parser.parse_args()
    folder = data_folder(options.data)
    own_database.start()
    with (folder / "bccd_labels.csv").open() as file:
        files = sorted({r["file"] for r in csv.DictReader(file)})
    first, revised = (red_cells(folder, name, files) for name in ("first", "revised"))
    became, added = changes(first, revised)
    photographs = detections(folder / "bccd.zip", files, first, options.predictions)
    reach = len(np.unique(overlaps(added, photographs.detections.boxes, 0.5).one))
    counts = {name: int((became == name).sum()) for name in ("dropped", "moved")}
    print(f"{len(added)} added, of which {reach} are seen at all, {counts}")
    rows = {
        name: found_first(*order, became, added, options.first)
        for name, order in orders(photographs, first, options.fiftyone).items()
    }
    print("| ranking | added | dropped | moved | all |\n|---|---|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(str(v) for v in row.values()) + " |")
    print(json.dumps({"benchmark": "object_cells", "rankings": rows, "first": options.first}))


if __name__ == "__main__":
    main()
