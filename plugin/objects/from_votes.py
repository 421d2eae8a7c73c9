"""Wrong, spurious and missing labels by what several people drew, without a detector."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..abandonable import abandonable
from ..arrays import BoolArray, FloatArray
from ..classify.settings import Settings
from ..errors import InputError
from ..progress import Report, part_of
from ..scoring.scores import TOP_CLASSES
from ..skipped import Skipped
from ..store.iterations import pack_ids
from ..store.samples import Collection
from ..votes.annotators import records
from ..votes.ballots import Ballots, made_of_votes
from ..votes.consensus import Consensus, chunks, fit_consensus
from .boxes import Boxes, iou
from .reading import Images, ObjectReader
from .scoring import KIND_NAMES, LEAST_LIKELY, MISSING
from .store import COLUMNS, IMAGES, Columns, sorted_items
from .vote_groups import grouped
from .vote_reading import Drawn, VoteReader, drawn_classes

NOTHING = "(nothing there)"
LEAST_VOTES = 20
MOST_KEPT = 1_000
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


class VoteSource:
    """Judges objects by what several people drew on their images.

    Args:
        samples: the dataset or a view of it
        settings: ``vote_fields`` and ``annotator_attribute``

    Attributes:
        reader: has read the labels, once ``columns`` was called
        said: what was done, in sentences
        kinds: of errors that are looked for
        found: what is kept of the votes: annotators, how many votes
        agreed: the consensus

    Raises:
        InputError: if labels or votes cannot be worked with
    """

    kinds = ("class", "spurious", MISSING)

    def __init__(self, samples: Collection, settings: Settings):
        self._settings = settings
        drawn = drawn_classes(samples, settings.vote_fields)
        if not drawn:
            raise InputError(
                f"vote_fields: no box in {', '.join(map(repr, settings.vote_fields))} has a class"
            )
        self.reader = ObjectReader(
            samples,
            settings.label_field,
            (),
            unlabelled=settings.unlabelled,
            also={name: drawn_classes(samples, [name]) for name in settings.vote_fields},
        )
        self._votes = VoteReader(
            samples, settings.vote_fields, settings.annotator_attribute, self.reader.classes
        )
        self.said = ""
        self.found: dict[str, Any] = {}
        self.agreed: Agreed | None = None

    def columns(self, report: Report) -> Columns:
        """What is kept of every label, and of every object that lacks one."""
        found = Objects(len(self.reader.classes))
        for images in self.reader.batches(part_of(report, 0.0, 0.5)):
            found.add(images, self._votes, self.reader.skipped)
        return abandonable(
            lambda told: self._judged(found, told), part_of(report, 0.5, 1.0), "Weighing the votes"
        )

    def _judged(self, found: Objects, report: Report) -> Columns:
        objects = found.whole()
        names, classes = self._votes.names, len(self.reader.classes)
        ballots = objects.ballots(len(names), classes)
        if len(ballots) < LEAST_VOTES:
            reasons = ", ".join(f"{n:,} × {why}" for why, n in self._votes.left_out.items())
            raise InputError(
                f"vote_fields: {len(ballots):,} votes on objects in "
                f"{', '.join(self._settings.vote_fields)}; at least {LEAST_VOTES} are needed"
                f"{f' ({reasons})' if reasons else ''}"
            )
        counts = not made_of_votes(ballots, objects.label)
        if counts:
            ballots = ballots.with_labels(objects.label)
            names = [*names, f"{self._settings.label_field} (the label)"]
        consensus = fit_consensus(None, ballots, self._settings.seed, report)
        parts = [np.exp(consensus(None, votes)) for _, votes in chunks(None, ballots)]
        p = np.concatenate(parts)
        self._tell(consensus, ballots, names, objects, label_counts=counts)
        self.agreed = objects.agreed(p, classes)
        return sorted_items(objects.columns(p, classes), classes)

    def _tell(
        self,
        consensus: Consensus,
        ballots: Ballots,
        names: list[str],
        objects: Whole,
        *,
        label_counts: bool,
    ) -> None:
        listed = [*self.reader.classes, NOTHING]
        people = [asdict(one) for one in records(consensus.counts, names, listed)[:MOST_KEPT]]
        overlap = objects.mean_overlap(len(names))
        place = {name: at for at, name in enumerate(names)}
        for one in people:
            value = overlap[place[one["name"]]]
            one["iou"] = None if np.isnan(value) else round(float(value), 4)
        counts = "counts as one more opinion" if label_counts else "is what the votes say"
        self.said = (
            f"{len(ballots):,} votes of {len(names):,} annotators on {len(objects.label):,} "
            f"objects were taken in; the label {counts}."
        )
        self.found = {
            "votes": len(ballots),
            "label_counts": label_counts,
            "votes_left_out": [[why, n] for why, n in self._votes.left_out.most_common(100)],
            "annotators": people,
        }


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

    def add(self, images: Images, votes: VoteReader, skipped: Skipped) -> None:
        """Group what was drawn on some images; those that nobody looked at are left out."""
        drawn = votes.read(images.ids)
        looked = np.asarray(drawn.looked.any(axis=1))
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
        found = grouped(anchors, drawn.boxes, drawn.who, drawn.looked, self._classes)
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

    def whole(self) -> Whole:
        """All of them."""
        if not self._parts:
            raise InputError("No image could be judged: none carries labels.")
        names = Whole.__dataclass_fields__
        return Whole(**{n: np.concatenate([getattr(p, n) for p in self._parts]) for n in names})
