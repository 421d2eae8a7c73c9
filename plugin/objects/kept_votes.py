"""The votes on objects as their iteration found them, and the images on which to ask once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import Float32Array, Int32Array, Int64Array
from ..scoring.probabilities import LogProbabilities
from ..store.iterations import unpack_ids
from ..store.runs import Run
from ..store.scores import read_rank, write_rank
from ..votes.ballots import Ballots
from ..votes.consensus import Consensus, chunks
from ..votes.job import VALUE_OF_VOTE, checked_number, made_without_votes
from ..votes.kept import keep_votes
from ..votes.next_vote import value_of_vote
from .iteration import ObjectIteration, object_iteration
from .state import items_state


def weighed(
    consensus: Consensus, log_p: LogProbabilities | None, ballots: Ballots
) -> tuple[npt.NDArray[np.float64], Float32Array]:
    """Probabilities of what each object is, (n, C + 1), and what one more vote is worth, (n,)."""
    p: list[npt.NDArray[np.float64]] = []
    value: list[npt.NDArray[np.float64]] = []
    for part, votes in chunks(log_p, ballots):
        p.append(np.exp(consensus(part, votes)))
        value.append(value_of_vote(consensus, part, votes))
    return np.concatenate(p), np.concatenate(value).astype(np.float32)


@dataclass(frozen=True)
class ObjectVotes:
    """Votes on objects before their iteration is written.

    Attributes:
        item_id: S12 (g,), of the objects
        value: float32 (g,), the expected gain of one more vote on each
        object: int64 (v,), the object of each vote
        annotator: int32 (v,), index into the annotators that are kept
        label: int32 (v,), the class, C for nothing
        wrong: float32 (v,), probability that it is not so
    """

    item_id: npt.NDArray[np.bytes_]
    value: Float32Array
    object: Int64Array
    annotator: Int32Array
    label: Int32Array
    wrong: Float32Array

    @classmethod
    def of(
        cls,
        item_id: npt.NDArray[np.bytes_],
        ballots: Ballots,
        p: npt.NDArray[np.float64],
        value: Float32Array,
        place: Int32Array,
    ) -> ObjectVotes:
        """The votes of those who are kept: ``place`` (A,) is -1 of all others."""
        annotator = place[ballots.annotator]
        kept = annotator >= 0
        wrong = 1.0 - p[ballots.sample, ballots.label]
        return cls(
            item_id,
            value,
            ballots.sample[kept],
            annotator[kept],
            ballots.label[kept],
            wrong[kept].astype(np.float32),
        )

    def named(self, names: Mapping[bytes, bytes]) -> ObjectVotes:
        """The same with other ids of some objects, such as candidates that were proposed before."""
        if not names:
            return self
        ids = [names.get(i, i) for i in self.item_id.tolist()]
        return replace(self, item_id=np.array(ids, self.item_id.dtype))

    def keep(self, run: Run, iteration: ObjectIteration) -> None:
        """Keep those on objects that the iteration has; a place that is surely empty is none."""
        rows = iteration.rows_of(unpack_ids(self.item_id))
        there = rows >= 0
        value = np.full(iteration.samples, np.nan, np.float32)
        value[rows[there]] = self.value[there]
        write_rank(run, iteration, VALUE_OF_VOTE, value)
        kept = there[self.object]
        columns = {
            "row": rows[self.object[kept]].astype(np.int32),
            "annotator": self.annotator[kept],
            "label": self.label[kept],
            "wrong": self.wrong[kept],
        }
        keep_votes(run, iteration, columns)


def request_object_votes(run: Run, n: int) -> dict[str, Any]:
    """The images on whose open objects one more person is expected to change most.

    Args:
        run: a run on objects whose last iteration was made with votes
        n: how many images at most

    Returns:
        as :func:`~plugin.votes.job.request_votes`: ``sample_ids`` are images, ``gain`` the sum over
        their objects; ``label_ids``: of each image the objects that gain, the most first

    Raises:
        InputError: if the last iteration knows of no votes
    """
    checked_number(n)
    iteration = object_iteration(run)
    value = read_rank(run, iteration, VALUE_OF_VOTE)
    if value is None:
        raise made_without_votes(run, iteration)
    worth = np.where(items_state(run, iteration.document).kind == 0, np.nan_to_num(value), 0.0)
    images, image = np.unique(iteration.column("sample_id"), return_inverse=True)
    gain = np.bincount(image, worth, minlength=len(images))
    order = np.argsort(-gain, kind="stable")[:n]
    order = order[gain[order] > 0]
    items = iteration.column("item_id")
    by_image: dict[int, list[str]] = {int(at): [] for at in order}
    for row in np.argsort(-worth, kind="stable")[: int((worth > 0).sum())].tolist():
        if int(image[row]) in by_image:
            by_image[int(image[row])] += unpack_ids(items[row : row + 1])
    listed = [round(float(v), 6) for v in gain[order]]
    return {
        "sample_ids": unpack_ids(images[order]),
        "gain": listed,
        "label_ids": list(by_image.values()),
        "expected": round(sum(listed), 2),
        "run_key": run.key,
        "iteration": iteration.number,
    }
