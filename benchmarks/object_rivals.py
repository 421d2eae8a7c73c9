"""FiftyOne's mistakenness and cleanlab's ObjectLab on the same boxes, as their libraries do it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from object_data import Photographs

from plugin.objects.boxes import Boxes


@dataclass(frozen=True)
class Verdict:
    """What a rival says; a higher score is more suspect, NaN where it says nothing.

    Attributes:
        of_label: by kind, float (n,)
        of_detection: float (m,), how likely the detection is of an object without label
        in_one_order: float (n,), of each label, on the scale of ``of_detection``
        seconds: what it took
        cpu: seconds of this process's processors, without those of a database
    """

    of_label: dict[str, np.ndarray]
    of_detection: np.ndarray
    in_one_order: np.ndarray
    seconds: float
    cpu: float


def objectlab(photographs: Photographs, labels: Boxes) -> Verdict:
    """One minus ObjectLab's scores, which it knows none of for spurious labels."""
    from cleanlab.object_detection import rank

    said, classes = photographs.detections, len(photographs.classes)
    given: list[dict[str, Any]] = []
    predicted: list[np.ndarray] = []
    order: list[np.ndarray] = []
    for i in range(labels.images):
        low, high = said.boxes.start[i : i + 2]
        mine = slice(labels.start[i], labels.start[i + 1])
        given.append({"bboxes": corners(labels.box[mine]), "labels": labels.label[mine]})
        box = np.column_stack([corners(said.boxes.box[low:high]), said.confidence[low:high]])
        of_class = [np.flatnonzero(said.boxes.label[low:high] == c) for c in range(classes)]
        order.append(low + np.concatenate(of_class))
        each = np.empty(classes, object)
        each[:] = [box[at] for at in of_class]
        predicted.append(each)
    began, cpu = time.monotonic(), time.process_time()
    auxiliary = rank._get_valid_inputs_for_compute_scores(
        rank.ALPHA, labels=given, predictions=predicted
    )
    missing = rank.compute_overlooked_box_scores(auxiliary_inputs=auxiliary)
    swapped = rank.compute_swap_box_scores(auxiliary_inputs=auxiliary)
    placed = rank.compute_badloc_box_scores(auxiliary_inputs=auxiliary)
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    of_detection = np.full(len(said), np.nan)
    of_detection[np.concatenate(order)] = 1 - np.concatenate(missing)
    kinds = {"class": 1 - np.concatenate(swapped), "placement": 1 - np.concatenate(placed)}
    return Verdict(kinds, of_detection, np.fmax(kinds["class"], kinds["placement"]), took, cpu)


def corners(box: np.ndarray) -> np.ndarray:
    """Left, top, right and bottom in pixels of an image of 640 by 640."""
    low = box[:, :2].astype(float)
    return np.concatenate([low, low + box[:, 2:]], axis=1) * 640


def mistakenness(photographs: Photographs, labels: Boxes) -> Verdict:
    """FiftyOne's, through a dataset; labels that it calls spurious all have one score, 0.5."""
    import fiftyone as fo
    import fiftyone.brain as fob

    said, classes = photographs.detections, photographs.classes
    samples = []
    for i, name in enumerate(photographs.files):
        low, high = said.boxes.start[i : i + 2]
        mine = range(labels.start[i], labels.start[i + 1])
        truth = [
            fo.Detection(label=classes[labels.label[j]], bounding_box=labels.box[j].tolist(), row=j)
            for j in mine
        ]
        seen = [
            fo.Detection(
                label=classes[said.boxes.label[j]],
                bounding_box=said.boxes.box[j].tolist(),
                confidence=float(said.confidence[j]),
                row=int(j),
            )
            for j in range(low, high)
        ]
        fields = {"truth": fo.Detections(detections=truth), "said": fo.Detections(detections=seen)}
        samples.append(fo.Sample(filepath=f"/nowhere/{name}", **fields))
    dataset = fo.Dataset()
    dataset.add_samples(samples, progress=False)
    began, cpu = time.monotonic(), time.process_time()
    fob.compute_mistakenness(dataset, "said", "truth", progress=False)
    took, cpu = time.monotonic() - began, time.process_time() - cpu

    def values(path: str, count: int) -> np.ndarray:
        found = np.full(count, np.nan)
        field = path.partition(".")[0]
        rows, given = dataset.values([f"{field}.detections.row", path], unwind=True)
        for row, value in zip(rows, given, strict=True):
            found[row] = np.nan if value is None else float(value)
        return found

    n = len(labels)
    right_class = values("truth.detections.mistakenness", n)
    right_place = values("truth.detections.mistakenness_loc", n)
    spurious = values("truth.detections.possible_spurious", n)
    missing = values("said.detections.possible_missing", len(said))
    dataset.delete()
    kinds = {"class": right_class, "placement": right_place, "spurious": spurious}
    one = np.fmax(np.fmax(right_class, right_place), 0.5 * spurious)
    return Verdict(kinds, np.where(missing > 0, said.confidence, np.nan), one, took, cpu)
