"""All four kinds of errors, by what detectors see and several people drew, together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..arrays import FloatArray
from ..classify.settings import Settings
from ..progress import Report, part_of
from ..store.iterations import unpack_ids
from ..store.samples import Collection
from ..votes.consensus import fit_consensus
from .boxes import by_image, within_image
from .from_detections import DetectionSource
from .from_votes import VoteSource
from .kept_votes import ObjectVotes, weighed
from .scoring import KIND_NAMES, LEAST_LIKELY
from .store import IMAGES, Columns, sorted_items
from .voted_objects import Objects, Whole

IMAGES_A_BATCH = 500
PLACEMENT = KIND_NAMES.index("placement")
LEAST_P = 1e-6


class VotedDetections(VoteSource):
    """Judges objects by detections, and by what people drew on the images that they looked at.

    What the detectors say of a label rests on the label already, so that it is no opinion of its
    own beside the votes. An object that people drew and no detector saw begins as unlikely as the
    least candidates are.
    """

    kinds = KIND_NAMES

    def __init__(self, samples: Collection, settings: Settings):
        super().__init__(samples, settings)
        self._detections = DetectionSource(samples, settings, self.reader.classes)
        # A detector may know more classes, which all others are numbered among.
        self.reader = self._detections.reader

    def columns(self, report: Report) -> Columns:
        """What is kept of every label, and of every object that may lack one."""
        every = self._detections.columns(part_of(report, 0.0, 0.6))
        return abandonable(
            lambda told: self._together(every, told),
            part_of(report, 0.6, 1.0),
            "Weighing the votes",
        )

    def _together(self, every: Columns, report: Report) -> Columns:
        classes = len(self.reader.classes)
        objects, rows = self._objects(every, classes)
        names = self._votes.names
        ballots = self._ballots(objects, classes)
        log_p = np.log(_probabilities(every, rows, len(objects.label), classes))
        consensus = fit_consensus(log_p, ballots, self._settings.seed, report)
        p, value = weighed(consensus, log_p, ballots)
        self._tell(consensus, ballots, names, objects, label_counts=False)
        self._kept = ObjectVotes.of(objects.item_id, ballots, p, value, self._places_in_list(names))
        self.agreed = objects.agreed(p, classes)
        found = objects.columns(p, classes)
        return sorted_items(_with_placement(found, every), classes)

    def _objects(self, every: Columns, classes: int) -> tuple[Whole, npt.NDArray[np.int64]]:
        """All items of the detectors, and what people drew beside them.

        Returns:
            the objects; int64 (g,), the item of each, -1 for none
        """
        gathered = Objects(classes)
        order = np.argsort(every["sample_id"], kind="stable")
        owners = every["sample_id"][order]
        rows: list[npt.NDArray[np.int64]] = []
        for start in range(0, len(every[IMAGES]), IMAGES_A_BATCH):
            images = every[IMAGES][start : start + IMAGES_A_BATCH]
            first = np.searchsorted(owners, images)
            stop = np.searchsorted(owners, images, "right")
            mine = np.concatenate(
                [np.empty(0, np.int64), *(order[a:b] for a, b in zip(first, stop, strict=True))]
            )
            image = np.repeat(np.arange(len(images)), stop - first)
            cut, _ = within_image(every["box"][mine])
            drawn = self._votes.read(unpack_ids(images))
            shown = np.where(
                every["label"][mine] < classes,
                every["label"][mine],
                _best_class(every["top_class"][mine], classes),
            )
            anchors = by_image(cut, shown, image, len(images))
            known = {name: every[name][mine] for name in ("item_id", "label", "box", "seen_box")}
            count = gathered.group(images, anchors, known, drawn)
            rows += [mine, np.full(count - len(mine), -1)]
        return gathered.whole(), np.concatenate(rows)


def _best_class(top: npt.NDArray[np.int32], classes: int) -> npt.NDArray[np.int32]:
    """The likeliest class of each item, *nothing* left out."""
    at = (top < classes).argmax(axis=1)
    return top[np.arange(len(top)), at]


def _probabilities(
    every: Columns, rows: npt.NDArray[np.int64], objects: int, classes: int
) -> FloatArray:
    """What the detectors say of each object, over the classes and *nothing*: (g, C + 1)."""
    p = np.full((objects, classes + 1), LEAST_LIKELY / classes)
    p[:, classes] = 1 - LEAST_LIKELY
    known = np.flatnonzero(rows >= 0)
    p[known] = LEAST_P
    top = every["top_class"][rows[known]]
    p[known[:, None], top] = np.maximum(every["top_probability"][rows[known]], LEAST_P)
    return p / p.sum(axis=1, keepdims=True)


def _with_placement(found: Columns, every: Columns) -> Columns:
    """What the detectors say of where labels are, which votes are not asked about.

    A label that is badly placed is so whatever its class; its way is the likelier of the two.
    """
    place: dict[bytes, int] = {i: at for at, i in enumerate(every["item_id"].tolist())}
    row = np.array([place.get(i, -1) for i in found["item_id"].tolist()], np.int64)
    known = row >= 0
    out: dict[str, Any] = dict(found)
    for name in ("iou", "confidence"):
        out[name] = found[name].copy()
        out[name][known] = every[name][row[known]]
    seen = known & ~np.isfinite(found["seen_box"]).all(axis=1)
    seen |= known & (np.where(known, every["kind"][row], 0) == PLACEMENT)
    out["seen_box"] = found["seen_box"].copy()
    out["seen_box"][seen] = every["seen_box"][row[seen]]
    misplaced = known & (every["kind"][row] == PLACEMENT)
    misplaced &= every["suspicion"][row] > found["suspicion"]
    out["kind"], out["suspicion"] = found["kind"].copy(), found["suspicion"].copy()
    out["kind"][misplaced] = PLACEMENT
    out["suspicion"][misplaced] = every["suspicion"][row[misplaced]]
    return out
