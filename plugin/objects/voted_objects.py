"""Objects of many images with what people drew of them, and what is kept once they are judged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..arrays import BoolArray, FloatArray
from ..errors import InputError
from ..scoring.scores import TOP_CLASSES
from ..skipped import Skipped
from ..store.iterations import pack_ids
from ..votes.ballots import Ballots
from .boxes import Boxes, iou
from .empty_places import Places, places_an_image
from .reading import Images
from .scoring import KIND_NAMES, LEAST_LIKELY, MISSING
from .store import COLUMNS, IMAGES, Columns
from .vote_groups import grouped
from .vote_reading import Drawn, VoteReader

CLASS, SPURIOUS = KIND_NAMES.index("class"), KIND_NAMES.index("spurious")


@dataclass(frozen=True)
class Agreed:
    """What people agree on: an object an entry.

    Attributes:
        sample_id: S12 (k,)
        label: int32 (k,), its class
        box: float32 (k, 4), the median of what they drew
        confidence: float32 (k,), probability of the class
    """

    sample_id: npt.NDArray[np.bytes_]
    label: npt.NDArray[np.int32]
    box: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Whole:
    """The objects of all images.

    Attributes:
        sample_id: S12 (g,)
        item_id: S12 (g,), the id of the label, or one that was made for it
        label: int64 (g,), the class of the label, C for none
        box: float64 (g, 4), the label's box, else the one that people agree on
        seen_box: float32 (g, 4), the box that people agree on, NaN where nobody drew one
        group: int64 (v,), the object of each vote
        annotator: int32 (v,)
        said: int32 (v,), the class, C for nothing
        overlap: float32 (v,), of the box that was drawn with the agreed one
        images: S12 (m,), those that were judged
    """

    sample_id: npt.NDArray[np.bytes_]
    item_id: npt.NDArray[np.bytes_]
    label: npt.NDArray[np.int64]
    box: npt.NDArray[np.float64]
    seen_box: npt.NDArray[np.float32]
    group: npt.NDArray[np.int64]
    annotator: npt.NDArray[np.int32]
    said: npt.NDArray[np.int32]
    overlap: npt.NDArray[np.float32]
    images: npt.NDArray[np.bytes_]

    def ballots(self, annotators: int, classes: int) -> Ballots:
        """The votes on the objects, over the classes and *nothing*."""
        return Ballots.of(
            self.group,
            self.annotator,
            self.said,
            samples=len(self.label),
            annotators=annotators,
            classes=classes + 1,
        )

    def mean_overlap(self, annotators: int) -> FloatArray:
        """How far each annotator's boxes are the agreed ones: mean IoU (A,), NaN without any."""
        there = np.isfinite(self.overlap)
        who = self.annotator[there]
        count = np.bincount(who, minlength=annotators)
        total = np.bincount(who, self.overlap[there], minlength=annotators)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def agreed(self, p: FloatArray, classes: int) -> Agreed:
        """The objects that are more likely there than not."""
        best = p.argmax(axis=1)
        there = (best < classes) & np.isfinite(self.seen_box).all(axis=1)
        return Agreed(
            self.sample_id[there],
            best[there].astype(np.int32),
            self.seen_box[there],
            p[there, best[there]].astype(np.float32),
        )

    def columns(self, p: FloatArray, classes: int) -> Columns:
        """What is kept of the objects, by the probabilities (g, C + 1) of classes and *nothing*."""
        n, own = len(self.label), self.label
        rows, missing = np.arange(n), own == classes
        log_p = np.log(np.maximum(p, 1e-12))
        others = log_p.copy()
        others[rows, own] = -np.inf
        other = others.argmax(axis=1)
        order = np.argsort(-p, axis=1, kind="stable")[:, : min(classes + 1, TOP_CLASSES)]
        kind = np.where(other == classes, SPURIOUS, CLASS)
        kind[missing] = KIND_NAMES.index(MISSING)
        seen = np.isfinite(self.seen_box).all(axis=1)
        shared = np.zeros(n, np.float32)
        labelled = seen & ~missing
        shared[labelled] = iou(self.box[labelled], self.seen_box[labelled].astype(np.float64))
        found: Columns = {
            "sample_id": self.sample_id,
            "item_id": self.item_id,
            "label": own.astype(np.int32),
            "prediction": order[:, 0].astype(np.int32),
            "p_label": p[rows, own].astype(np.float32),
            "p_max": p.max(axis=1).astype(np.float32),
            "suspicion": (others[rows, other] - log_p[rows, own]).astype(np.float32),
            "kind": kind.astype(np.int8),
            "iou": shared,
            "confidence": np.where(missing, 1 - p[:, classes], p.max(axis=1)).astype(np.float32),
            "box": self.box,
            "seen_box": self.seen_box,
            "top_class": order.astype(np.int32),
            "top_probability": np.take_along_axis(p, order, axis=1).astype(np.float32),
        }
        keep = ~missing | (1 - p[:, classes] >= LEAST_LIKELY)
        return {k: found[k][keep] for k in COLUMNS} | {IMAGES: self.images}


class Objects:
    """The objects of all images, gathered.

    Args:
        classes: C
    """

    def __init__(self, classes: int):
        self._classes = classes
        self._parts: list[Whole] = []
        self._count = 0
        self._looked: Counter[int] = Counter()

    def add(self, images: Images, votes: VoteReader, skipped: Skipped) -> None:
        """Group what was drawn on some images; those that nobody looked at are left out."""
        drawn = votes.read(images.ids)
        looked = drawn.heard
        for at in np.flatnonzero(~looked).tolist():
            skipped.add(ObjectId(images.ids[at]), images.paths[at], "no votes")
        of_label = looked[images.labels.image]
        known = {
            "item_id": images.label_id[of_label],
            "label": images.labels.label[of_label],
            "box": images.label_box[of_label],
        }
        self.group(pack_ids(images.ids), images.labels.only(of_label), known, drawn, looked)

    def group(
        self,
        images: npt.NDArray[np.bytes_],
        anchors: Boxes,
        known: Columns,
        drawn: Drawn,
        judged: BoolArray | None = None,
    ) -> int:
        """Group what was drawn round objects that are known.

        Args:
            images: S12 (m,)
            anchors: the objects that are known on them
            known: of these: ``item_id``, ``label`` (C for none), ``box`` and perhaps ``seen_box``,
                which is taken where nobody drew one
            drawn: on the same images
            judged: bool (m,), the images that are judged, None for all

        Returns:
            the number of objects on them
        """
        self._looked.update(dict(enumerate(drawn.looked.sum(axis=0).tolist())))
        free = np.asarray(known["label"] == self._classes)
        told = replace(drawn.told, label_at=_labels_of(known["item_id"], free, drawn.item_id))
        found = grouped(anchors, drawn.boxes, drawn.who, drawn.looked, self._classes, told, free)
        agreed, overlap = found.agreed_boxes()
        count, new = len(found), len(found) - len(anchors)
        seen = agreed.copy()
        if "seen_box" in known:
            alone = ~np.isfinite(agreed[: len(anchors)]).all(axis=1)
            seen[: len(anchors)][alone] = known["seen_box"][alone]
        ids = [str(ObjectId()) for _ in range(new)]
        made = pack_ids(ids) if ids else np.empty(0, "S12")
        self._parts.append(
            Whole(
                images[found.image],
                np.concatenate([known["item_id"], made]),
                np.concatenate([known["label"], np.full(new, self._classes)]).astype(np.int64),
                np.concatenate([known["box"], agreed[len(anchors) :].astype(np.float64)]),
                seen,
                found.group + self._count,
                found.annotator,
                found.label,
                overlap,
                images if judged is None else images[judged],
            )
        )
        self._count += count
        return count

    def places(self, objects: Whole, annotators: int, seed: int) -> Places:
        """Where the annotators looked, and how many objects have room on an image."""
        _, image = np.unique(objects.sample_id, return_inverse=True)
        looked = np.array([self._looked[a] for a in range(annotators)], np.float64)
        return Places(looked, len(objects.images), places_an_image(objects.box, image, seed))

    def whole(self) -> Whole:
        """All of them."""
        if not self._parts:
            raise InputError("No image could be judged: none carries labels.")
        names = Whole.__dataclass_fields__
        return Whole(**{n: np.concatenate([getattr(p, n) for p in self._parts]) for n in names})


def _labels_of(
    known: npt.NDArray[np.bytes_], free: BoolArray, wanted: npt.NDArray[np.bytes_]
) -> npt.NDArray[np.int64]:
    """The place of each of some items among labels that are known, -1 where it is none: (t,)."""
    places = {item: at for at, item in enumerate(known.tolist()) if not free[at]}
    return np.array([places.get(item, -1) for item in wanted.tolist()], np.int64)
