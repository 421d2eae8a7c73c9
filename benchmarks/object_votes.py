"""Boxes of simulated annotators on photographs: which labels are wrong, and what is there.

``python benchmarks/object_votes.py [--data FOLDER] [--seeds 5]``

Labels are COCO128's boxes with 5 % of each kind of error planted. Five annotators of known skill
look at 60 % of the photographs each: they miss objects (small ones twice as often), call others by
a wrong class, and draw boxes where nothing is. Beside ours, the majority: how many of those who
looked say otherwise; its consensus is the most frequent vote, with a class at ties.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
from object_data import FOUND, Planted, load_coco, plant  # noqa: E402
from real_data import data_folder  # noqa: E402
from sklearn.metrics import average_precision_score  # noqa: E402

from plugin.objects.boxes import Boxes, by_image, within_image  # noqa: E402
from plugin.objects.empty_places import Places, fit_objects, places_an_image  # noqa: E402
from plugin.objects.matching import match  # noqa: E402
from plugin.objects.overlaps import overlaps  # noqa: E402
from plugin.objects.vote_groups import Grouped, grouped  # noqa: E402
from plugin.votes.annotators import Counts  # noqa: E402
from plugin.votes.ballots import Ballots  # noqa: E402
from plugin.votes.consensus import fit_consensus  # noqa: E402

MISSES = (0.03, 0.06, 0.1, 0.2, 0.3)
WRONG = (0.02, 0.04, 0.08, 0.15, 0.3)
SPURIOUS = (0.1, 0.2, 0.3, 0.6, 1.5)
"""Of each annotator: share of objects missed, of classes wrong, and boxes where nothing is."""
LOOKS_AT = 0.6
SMALL = 0.01
JITTER = 0.03


def drawn(
    objects: Boxes, classes: int, g: np.random.Generator
) -> tuple[Boxes, np.ndarray, np.ndarray]:
    """What the annotators draw, who drew it, and who looked at each image."""
    people = len(MISSES)
    looked = g.random((objects.images, people)) < LOOKS_AT
    boxes, labels, images, who = [], [], [], []
    small = objects.box[:, 2] * objects.box[:, 3] < SMALL
    for person in range(people):
        miss = MISSES[person] * np.where(small, 2, 1)
        seen = looked[objects.image, person] & (g.random(len(objects)) >= miss)
        box = objects.box[seen].astype(float)
        box = box + g.normal(0, JITTER, box.shape) * np.tile(box[:, 2:], 2)
        label = objects.label[seen].copy()
        other = g.random(len(label)) < WRONG[person]
        label[other] = g.integers(classes, size=int(other.sum()))
        count = g.poisson(SPURIOUS[person], objects.images) * looked[:, person]
        size = g.uniform(0.05, 0.3, (int(count.sum()), 2))
        free = np.concatenate([g.random((len(size), 2)) * (1 - size), size], axis=1)
        boxes += [box, free]
        labels += [label, g.integers(classes, size=len(free))]
        images += [objects.image[seen], np.repeat(np.arange(objects.images), count)]
        who.append(np.full(len(box) + len(free), person))
    box, problem = within_image(np.concatenate(boxes))
    use = problem == 0
    image, person = np.concatenate(images)[use], np.concatenate(who)[use]
    found = by_image(box[use], np.concatenate(labels)[use], image, objects.images)
    return found, person[np.argsort(image, kind="stable")], looked


def truth_of(found: Grouped, objects: Boxes, classes: int) -> np.ndarray:
    """What is at each group: a class, or *nothing*; int (g,)."""
    order = np.argsort(found.image, kind="stable")
    boxes = by_image(found.box, np.zeros(len(found), np.int32), found.image, objects.images)
    pairs = overlaps(boxes, objects, FOUND)
    partner, _ = match(pairs, pairs.iou, len(boxes), len(objects))
    truth = np.full(len(found), classes)
    truth[order] = np.where(partner >= 0, objects.label[np.maximum(partner, 0)], classes)
    return truth


def measured(
    share: np.ndarray, label: np.ndarray, planted: Planted, truth: np.ndarray
) -> dict[str, float]:
    """AP of each kind of error, and the share of objects whose consensus is wrong.

    Args:
        share: (g, C + 1), how much speaks for each class and *nothing*
        label: (g,), of the label, C for none
        planted: which labels are wrong; those that are badly placed are left out
        truth: (g,)
    """
    rows, nothing, labels = np.arange(len(label)), share.shape[1] - 1, len(planted.kind)
    others = share.copy()
    others[rows, label] = 0
    others[:, nothing] = 0
    best = others.argmax(axis=1)
    ways = {"class": others[rows, best], "spurious": share[:, nothing]}
    # Against all else, summed up by itself: one less what is nearly one would be a tie.
    without = share.copy()
    without[rows, best] = 0
    rest = {"class": without.sum(axis=1), "spurious": share[:, :nothing].sum(axis=1)}
    least = 1e-300
    scores = {
        kind: np.log(np.maximum(way, least)) - np.log(np.maximum(rest[kind], least))
        for kind, way in ways.items()
    }
    of_label = np.flatnonzero(planted.kind != "placement")
    figures = {
        kind: float(average_precision_score(planted.kind[of_label] == kind, score[of_label]))
        for kind, score in scores.items()
    }
    beyond = slice(labels, None)
    there = 1 - share[beyond, nothing]
    return figures | {
        "missing": float(average_precision_score(truth[beyond] != nothing, there)),
        "consensus_wrong": 100 * float(np.mean(share.argmax(axis=1) != truth)),
    }


def _shares(ballots: Ballots, classes: int) -> np.ndarray:
    """How many of those who looked at each object say each class or *nothing*: (g, C + 1)."""
    share = np.zeros((ballots.samples, classes + 1))
    np.add.at(share, (ballots.sample, ballots.label), 1.0)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1)
    share[:, :classes] += 1e-6  # a class at ties
    return share


def _accuracies(ballots: Ballots, truth: np.ndarray) -> np.ndarray:
    """The share of each annotator's votes that are right: (A,)."""
    right = ballots.label == truth[ballots.sample]
    count = np.bincount(ballots.annotator, minlength=len(MISSES))
    return np.bincount(ballots.annotator, right, minlength=len(MISSES)) / np.maximum(count, 1)


def compared(folder: Path, seed: int) -> dict[str, dict[str, float]]:
    """Both methods on one planting."""
    photographs = load_coco(folder)
    classes, g = len(photographs.classes), np.random.default_rng(seed)
    planted = plant(photographs, seed)
    boxes, who, looked = drawn(photographs.objects, classes, g)
    found = grouped(planted.labels, boxes, who, looked, classes)
    label = np.concatenate(
        [planted.labels.label, np.full(len(found) - len(planted.labels), classes)]
    )
    truth = truth_of(found, photographs.objects, classes)
    ballots = Ballots.of(
        found.group, found.annotator, found.label,
        samples=len(found), annotators=len(MISSES), classes=classes + 1,
    )  # fmt: skip
    together = ballots.with_labels(label)
    share, with_label = (_shares(votes, classes) for votes in (ballots, together))
    begun = time.process_time()
    room = places_an_image(found.box, found.image, seed)
    places = Places(looked.sum(axis=0).astype(float), len(looked), room).with_labels()
    consensus = fit_objects(together, places, seed)
    p = np.exp(consensus(None, together))
    seconds = time.process_time() - begun
    known = fit_consensus(None, together, seed)
    selected = np.exp(known(None, together))
    really = _accuracies(ballots, truth)

    def accuracy_off_by(counts: Counts) -> float:
        accuracy = counts.right[: len(MISSES)] / np.maximum(counts.votes[: len(MISSES)], 1)
        return float(np.abs(accuracy - really).max())

    off = [
        float(np.abs(_accuracies(ballots, by.argmax(axis=1)) - really).max())
        for by in (share, with_label)
    ]
    return {
        "majority": measured(share, label, planted, truth)
        | {"accuracy_off_by": off[0], "seconds": 0.0},
        "majority, the label as a vote": measured(with_label, label, planted, truth)
        | {"accuracy_off_by": off[1], "seconds": 0.0},
        "Dawid and Skene on what was drawn": measured(selected, label, planted, truth)
        | {"accuracy_off_by": accuracy_off_by(known.counts), "seconds": 0.0},
        "**Deconfuse**": measured(p, label, planted, truth)
        | {"accuracy_off_by": accuracy_off_by(consensus.counts), "seconds": seconds},
    }


def main() -> None:
    """Print the table and a JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    folder = asked.data or data_folder()
    every: dict[str, list[dict[str, float]]] = defaultdict(list)
    for seed in range(asked.seeds):
        for name, figures in compared(folder, seed).items():
            every[name].append(figures)
    means: dict[str, Any] = {
        name: {k: round(float(np.mean([f[k] for f in found])), 3) for k in found[0]}
        for name, found in every.items()
    }
    print("| | AP wrong class | AP spurious | AP missing | consensus wrong | accuracies off by |")
    print("|---|---|---|---|---|---|")
    for name, found in means.items():
        print(
            f"| {name} | {found['class']:.3f} | {found['spurious']:.3f} | {found['missing']:.3f} | "
            f"{found['consensus_wrong']:.2f} % | {found['accuracy_off_by']:.3f} |"
        )
    print(json.dumps(means))


if __name__ == "__main__":
    main()
