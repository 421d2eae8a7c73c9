"""What people draw where nothing is, and the class of each object by all votes.

Where nothing is and nobody drew a box, no object is known that could be voted on. So the objects
on which *nothing* is right are a selection: somebody drew each of them. Counted among them, who
draws much where nothing is seems to draw there nearly always, and that nobody else drew a box
seems to say little; in fact an empty place is left alone by nearly everybody. This is mended by
counting all places, those without a box included. An image has as many of them as make two boxes
that have nothing to do with each other, of different images, meet as seldom as they do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..arrays import Float64Array, Int64Array
from ..progress import Report, part_of, silent
from ..votes.annotators import Annotators, Counts, fitted, shrunk
from ..votes.ballots import Ballots
from ..votes.consensus import Consensus, chunks, fit_consensus, posterior
from ..votes.crowd import Crowd, crowd_of
from .boxes import iou
from .vote_groups import SAME_OBJECT

PAIRS = 200_000
PASSES = 12
MOST_OFTEN = 0.5
"""Probability that somebody draws a box at an empty place, at most."""


@dataclass(frozen=True)
class Places:
    """Where boxes can be.

    Attributes:
        looked: float64 (A,), how many images each annotator looked at
        images: how many there are
        an_image: places of each, at least 1
    """

    looked: Float64Array
    images: int
    an_image: float

    def with_labels(self) -> Places:
        """The same with the labels as one more annotator, who looked at every image."""
        return replace(self, looked=np.append(self.looked, float(self.images)))


def places_an_image(box: npt.NDArray[np.floating], image: Int64Array, seed: int = 51) -> float:
    """How many boxes beside each other an image has room for.

    Args:
        box: (n, 4), relative to the images
        image: (n,), ascending or not
        seed: which pairs are compared

    Returns:
        one in how many pairs of boxes of different images overlaps as boxes of one object do
    """
    if len(box) == 0:
        return 1.0
    g = np.random.default_rng(seed)
    one, other = g.integers(len(box), size=(2, PAIRS))
    apart = image[one] != image[other]
    if not apart.any():
        return 1.0
    pairs = box[one[apart]].astype(np.float64), box[other[apart]].astype(np.float64)
    meet = int((iou(*pairs) >= SAME_OBJECT).sum())
    return int(apart.sum()) / max(meet, 1)


@dataclass(frozen=True)
class Drawing(Annotators):
    """How each annotator votes on objects, the last class being *nothing*.

    Attributes:
        often: float64 (A,), probability that each draws a box at an empty place
        share: float64 (C,), of these boxes, that are of each class
    """

    often: Float64Array
    share: Float64Array

    def log_likelihood(self, strata: Int64Array, ballots: Ballots) -> Float64Array:
        """Log-probability of each vote on an object of each class and on an empty place."""
        found = super().log_likelihood(strata, ballots)
        often, said, nothing = self.often[ballots.annotator], ballots.label, len(self.share)
        drew = said < nothing
        found[:, nothing] = np.log1p(-often)
        found[drew, nothing] = np.log(often[drew] * self.share[said[drew]])
        return found

    def average(self) -> Crowd:
        """How one of them votes of whom nothing is known, at empty places, too."""
        confusion, nothing = self.crowd.confusion.copy(), len(self.share)
        often = float(self.often.mean())
        confusion[:, nothing, :nothing] = often * self.share
        confusion[:, nothing, nothing] = 1 - often
        return replace(self.crowd, confusion=confusion)


def fit_objects(
    ballots: Ballots, places: Places, seed: int = 51, report: Report = silent
) -> Consensus:
    """Learn how far each annotator is to be believed, and what each object is, without a model.

    Args:
        ballots: votes on objects; the last class is *nothing*
        places: where the annotators looked
        seed: which objects are drawn to begin with, where there are very many
        report: told of progress
    """
    begun = fit_consensus(None, ballots, seed, part_of(report, 0.0, 0.5))
    annotators, counts = begun.annotators, begun.counts
    for number in range(PASSES):
        seen = _Seen(annotators.crowd, ballots)
        for _, votes in chunks(None, ballots):
            seen.add(np.exp(posterior(annotators, None, votes)), votes)
        annotators, counts = seen.learnt(places), seen.counts
        report(0.5 + 0.5 * (number + 1) / PASSES, f"Weighing {len(ballots):,} votes on objects")
    return Consensus(annotators, counts)


class _Seen:
    """What is counted in one pass over the objects."""

    def __init__(self, crowd: Crowd, ballots: Ballots):
        self._crowd = crowd
        self._nothing = ballots.classes - 1
        self.counts = Counts.empty(ballots.annotators, ballots.classes)
        self._votes = np.zeros((1, ballots.classes, ballots.classes))
        self._objects = np.zeros(ballots.classes)
        self._drawn = np.zeros(ballots.annotators)
        self._share = np.ones(self._nothing)

    def add(self, p: Float64Array, votes: Ballots) -> None:
        """Count some objects, (n, C + 1), and the votes on them."""
        self.counts.add(self._crowd, np.zeros(votes.samples, np.int64), p, votes)
        of_vote, said, who = p[votes.sample], votes.label, votes.annotator
        for true in range(votes.classes):
            self._votes[0, true] += np.bincount(said, of_vote[:, true], minlength=votes.classes)
        self._objects += p.sum(axis=0)
        drew = said < self._nothing
        empty = of_vote[drew, self._nothing]
        self._drawn += np.bincount(who[drew], empty, minlength=len(self._drawn))
        self._share += np.bincount(said[drew], empty, minlength=self._nothing)

    def learnt(self, places: Places) -> Drawing:
        """How the annotators vote, by what was counted."""
        whole = (self._drawn.sum() + 0.5) / (places.looked.sum() + 1.0)
        rate = whole * shrunk(self._drawn, whole * places.looked)
        expected = np.append(self._objects[:-1] + 0.5, places.an_image * places.images)
        crowd = crowd_of(self._votes, expected / expected.sum())
        by_crowd = fitted(self._crowd, self.counts)
        often = np.minimum(rate / places.an_image, MOST_OFTEN)
        return Drawing(
            crowd,
            by_crowd.ratio,
            by_crowd.careless,
            by_crowd.deviation,
            often,
            self._share / self._share.sum(),
        )
