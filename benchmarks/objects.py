"""How well planted errors in boxes are found: missing, wrong class, spurious, badly placed.

``python benchmarks/objects.py [--data FOLDER] [--seeds 5] [--fiftyone 1] [--large]``

256 COCO photographs with 1,827 boxes of 80 classes, and what a small detector says of them. A
twentieth of the boxes each is dropped, gets another class, is shifted (IoU .3 to .65), or is put
onto another photograph, anew for each seed. AP is that of a ranking against the planted errors of
its kind; of the dropped ones only those count that a detection overlaps by half ("findable"). What
is not labelled in COCO itself counts against every ranking alike. Effort is the number of items
looked at, of all kinds in one order, until half and four fifths of all findable errors are found.

Rivals run as their libraries do it, on the same boxes. FiftyOne's missing are ordered by
confidence, its spurious ones, which it does not order, stand in the middle (0.5) of one order.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import object_rivals  # noqa: E402
import own_database  # noqa: E402
from object_data import (  # noqa: E402
    Photographs,
    Planted,
    average_precision,
    effort,
    hits,
    load_coco,
    plant,
)
from real_data import data_folder  # noqa: E402
from scipy.optimize import linear_sum_assignment  # noqa: E402

from plugin.objects import candidates  # noqa: E402
from plugin.objects.boxes import Boxes  # noqa: E402
from plugin.objects.detections import Detections  # noqa: E402
from plugin.objects.matching import match  # noqa: E402
from plugin.objects.overlaps import Overlaps, overlaps  # noqa: E402
from plugin.objects.scoring import (  # noqa: E402
    KIND_NAMES,
    Scored,
    fold_of_images,
    learn,
    wanted_images,
)

KINDS = ("missing", "class", "spurious", "placement")
HERE = "Deconfuse"


def ours(photographs: Photographs, labels: Boxes) -> tuple[Scored, float, float]:
    """What is found, and the seconds that it takes to learn and to score; of the CPU as well."""
    fold = fold_of_images(labels.images)
    began, cpu = time.monotonic(), time.process_time()
    model = learn(labels, photographs.detections, fold, len(photographs.classes), seed=51)
    found = model.score(labels, photographs.detections, fold)
    return found, time.monotonic() - began, time.process_time() - cpu


def findable(photographs: Photographs, planted: Planted) -> int:
    """The dropped objects that a detection overlaps by half."""
    pairs = overlaps(planted.dropped, photographs.detections.boxes, 0.5)
    return len(np.unique(pairs.one))


def judged(
    planted: Planted,
    of_label: dict[str, np.ndarray],
    boxes: Boxes,
    of_box: np.ndarray,
    one_order: np.ndarray,
    lost: int,
) -> dict[str, float]:
    """AP by kind and effort of a ranking; NaN in its scores where it says nothing."""
    said = np.isfinite(of_box)
    shown = boxes.only(said)
    hit = hits(shown, of_box[said], planted.dropped)
    found = {"missing": average_precision(of_box[said], hit, lost)}
    for kind in KINDS[1:]:
        score = of_label.get(kind, np.full(len(planted.kind), np.nan))
        there = np.isfinite(score)
        wrong = planted.kind == kind
        found[kind] = average_precision(score[there], wrong[there], int(wrong.sum()))
    there = np.isfinite(one_order)
    score = np.concatenate([one_order[there], of_box[said]])
    wrong = np.concatenate([(planted.kind != "")[there], hit])
    errors = int((planted.kind != "").sum()) + lost
    for share in (0.5, 0.8):
        found[f"effort {share:.0%}"] = effort(score, wrong, errors, share)
    found["reached"] = float(wrong.sum() / errors)
    return found


def ours_judged(found: Scored, planted: Planted, lost: int) -> dict[str, float]:
    """The same of what Deconfuse says."""
    scores = found.labels
    # Within its kind a label stands by its suspicion; those of another kind come after.
    least = float(scores.suspicion.min()) - 1
    of_label = {
        kind: np.where(
            scores.kind == KIND_NAMES.index(kind), scores.suspicion, least + scores.suspicion
        )
        for kind in KINDS[1:]
    }
    shown = np.zeros(len(found.objects), bool)
    shown[found.missing] = True
    boxes = found.objects.boxes.only(shown)
    return judged(planted, of_label, boxes, found.candidates.suspicion, scores.suspicion, lost)


def hungarian(
    pairs: Overlaps, weight: Any, ones: int, others: int
) -> tuple[np.ndarray, np.ndarray]:
    """The assignment of the greatest sum of weights, in place of the greedy one."""
    partner, back = np.full(ones, -1), np.full(others, -1)
    table = np.zeros((ones, others))
    table[pairs.one, pairs.other] = weight
    for a, b in zip(*linear_sum_assignment(-table), strict=True):
        if table[a, b] > 0:
            partner[a], back[b] = b, a
    return partner, back


def hungarian_by_image(pairs: Overlaps, weight: Any, ones: int, others: int) -> Any:
    """The same, of groups of boxes that overlap directly or not."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix(
        (np.ones(len(pairs)), (pairs.one, ones + pairs.other)), shape=(ones + others,) * 2
    )
    group = connected_components(graph, directed=False)[1]
    partner, back = np.full(ones, -1), np.full(others, -1)
    order = np.argsort(group[pairs.one], kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(group[pairs.one][order])) + 1):
        a, at_a = np.unique(pairs.one[part], return_inverse=True)
        b, at_b = np.unique(pairs.other[part], return_inverse=True)
        small = Overlaps(at_a, at_b, pairs.iou[part])
        mine, _ = hungarian(small, weight[part], len(a), len(b))
        partner[a] = np.where(mine >= 0, b[mine], -1)
    back[partner[partner >= 0]] = np.flatnonzero(partner >= 0)
    return partner, back


def by_iou(pairs: Overlaps, weight: Any, ones: int, others: int) -> Any:
    """Greedy, the pair that overlaps most first."""
    return match(pairs, pairs.iou, ones, others)


MATCHINGS = {
    "greedy, surest first": match,
    "greedy, by IoU": by_iou,
    "Hungarian": hungarian_by_image,
}


def compare_matchings(photographs: Photographs, seeds: int) -> dict[str, Any]:
    """What is found with each way of matching, and what the matching costs."""
    results: dict[str, Any] = {}
    for name, how in MATCHINGS.items():
        seconds = [0.0]

        def timed(*given: Any, _how: Any = how, _seconds: list[float] = seconds) -> Any:
            began = time.process_time()
            found = _how(*given)
            _seconds[0] += time.process_time() - began
            return found

        candidates.match = timed
        rows = []
        for seed in range(seeds):
            planted = plant(photographs, seed)
            lost = findable(photographs, planted)
            rows.append(ours_judged(ours(photographs, planted.labels)[0], planted, lost))
        results[name] = {**mean(rows), "ms": 1000 * seconds[0] / seeds / 2}
    candidates.match = match
    return results


def mean(rows: list[dict[str, float]]) -> dict[str, float]:
    """By key."""
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def large(photographs: Photographs, images: int, batch: int = 500) -> dict[str, float]:
    """Score as many images, copies of these, in batches; learnt from some of them."""
    labels, said = (
        photographs.objects,
        photographs.detections.only(photographs.detections.confidence >= 0.05),
    )
    times = -(-images // labels.images)
    counts = np.tile(np.diff(labels.start), times)[:images]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu = time.monotonic(), time.process_time()
    chosen = wanted_images(counts, 51) % labels.images
    fold = fold_of_images(len(chosen))
    some, said_some = repeated(labels, said, chosen)
    model = learn(some, said_some, fold, len(photographs.classes), seed=51)
    learnt, learnt_cpu = time.monotonic() - began, time.process_time() - cpu
    boxes = suspects = 0
    for start in range(0, images, batch):
        part = np.arange(start, min(start + batch, images)) % labels.images
        some, said_some = repeated(labels, said, part)
        found = model.score(some, said_some, fold_of_images(len(part), start))
        boxes += len(some) + len(said_some)
        suspects += int((found.labels.suspicion > 0).sum())
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "images": images,
        "labels": int(counts.sum()),
        "boxes": boxes,
        "seconds": took,
        "of which learning": learnt,
        "CPU seconds": cpu,
        "of which learning, CPU": learnt_cpu,
        **speeds(images, took, cpu),
        "MB above the start": (peak - before) / 1024,
    }


def repeated(labels: Boxes, said: Detections, images: np.ndarray) -> tuple[Boxes, Detections]:
    """Some images with their labels and detections, as often as they are named."""

    def rows(start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        width = np.diff(start)[images]
        ends = np.cumsum(width)
        at = np.arange(ends[-1]) + np.repeat(start[images] - ends + width, width)
        return at, np.concatenate([[0], ends])

    at, start = rows(labels.start)
    some = Boxes(labels.box[at], labels.label[at], start)
    at, start = rows(said.boxes.start)
    boxes = Boxes(said.boxes.box[at], said.boxes.label[at], start)
    entry = np.searchsorted(said.entry_box, np.arange(len(said) + 1))
    width = np.diff(entry)[at]
    ends = np.cumsum(width)
    of = np.arange(ends[-1]) + np.repeat(entry[at] - ends + width, width)
    return some, Detections(
        boxes,
        said.confidence[at],
        said.detector[at],
        said.detectors,
        np.repeat(np.arange(len(at)), width),
        said.entry_class[of],
        said.entry_score[of],
    )


def speeds(images: int, seconds: float, cpu: float) -> dict[str, float]:
    """By the clock, and by the processor, which does not depend on what else is running."""
    return {"images a second": images / seconds, "images a CPU second": images / cpu}


def measure(photographs: Photographs, seeds: int, fiftyone: int) -> dict[str, Any]:
    """All rankings on every seed."""
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    ours(photographs, photographs.objects)  # what is imported at the first use is not timed
    for seed in range(seeds):
        planted = plant(photographs, seed)
        labels, lost = planted.labels, findable(photographs, planted)
        found, *took = ours(photographs, labels)
        speed = {**speeds(labels.images, *took), "dropped": len(planted.dropped)}
        rows[HERE].append({**ours_judged(found, planted, lost), **speed, "findable": lost})
        rivals = {"cleanlab ObjectLab": object_rivals.objectlab}
        if seed < fiftyone:
            rivals["FiftyOne mistakenness"] = object_rivals.mistakenness
        for name, run in rivals.items():
            said = run(photographs, labels)
            boxes = photographs.detections.boxes
            result = judged(
                planted, said.of_label, boxes, said.of_detection, said.in_one_order, lost
            )
            rows[name].append({**result, **speeds(labels.images, said.seconds, said.cpu)})
    return {name: {**mean(of), "seeds": len(of)} for name, of in rows.items()}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fiftyone", type=int, default=1, help="seeds for FiftyOne, a minute each")
    parser.add_argument("--large", type=int, default=0, help="images for the test of size")
    options = parser.parse_args()
    folder = data_folder(options.data)
    own_database.start()
    photographs = load_coco(folder)
    results = measure(photographs, options.seeds, options.fiftyone)
    columns = (*KINDS, "effort 50%", "effort 80%", "reached", *speeds(1, 1, 1))
    print("| ranking | seeds |", " | ".join(columns), "|")
    print("|---|---|" + "---|" * len(columns))
    for name, found in results.items():
        cells = [f"{found[c]:.3f}" if found[c] < 10 else f"{found[c]:,.0f}" for c in columns]
        print(f"| {name} | {found['seeds']} | " + " | ".join(cells) + " |")
    matchings = compare_matchings(photographs, options.seeds)
    print("\n| matching | missing | placement | effort 50% | effort 80% | ms |")
    print("|---|---|---|---|---|---|")
    for name, found in matchings.items():
        print(
            f"| {name} | {found['missing']:.3f} | {found['placement']:.3f} | "
            f"{found['effort 50%']:.0f} | {found['effort 80%']:.0f} | {found['ms']:.1f} |"
        )
    size = large(photographs, options.large) if options.large else {}
    if size:
        print("\n", size)
    report = {"benchmark": "objects", "rankings": results, "matchings": matchings, "large": size}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
