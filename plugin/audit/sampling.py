"""Drawing an audit: a random sample of open samples, denser where an error is more probable.

A stratified simple random sample without replacement (Cochran, Sampling Techniques, 1977, chapter
5). Strata are bands of suspicion that hold equal parts of a size measure, and each gets the same
number of draws, so a sample's inclusion probability follows the size measure. That is
``sqrt(m (1 − m))`` with ``m`` the probability of an error that suspicion stands for, the best one
for a yes-or-no outcome of that probability (Neyman 1934), mixed with a uniform part, so that no
sample has probability zero and a classifier that is sure of itself and wrong does little harm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray, IntArray

STRATA = 20
DRAWS_A_STRATUM = 10
UNIFORM_PART = 0.3


@dataclass(frozen=True)
class Draw:
    """An audit's samples, in the order in which they are to be judged.

    The order goes round by round; a round holds one sample of each stratum that has any left, in
    random order. So the samples of any number of whole rounds are such a sample themselves, which
    lets an audit be read before it is finished.

    Attributes:
        at: int64 (n,), positions among the samples that it was drawn from
        stratum: int32 (n,), the stratum of each
        round: int32 (n,), ascending
        population: int64 (B,), how many samples each stratum holds
    """

    at: npt.NDArray[np.int64]
    stratum: npt.NDArray[np.int32]
    round: npt.NDArray[np.int32]
    population: npt.NDArray[np.int64]

    @property
    def drawn(self) -> npt.NDArray[np.int64]:
        """How many samples were drawn of each stratum: int64 (B,)."""
        return np.bincount(self.stratum, minlength=len(self.population))

    @property
    def probability(self) -> npt.NDArray[np.float64]:
        """The inclusion probability that each drawn sample had: float64 (n,)."""
        return (self.drawn / self.population)[self.stratum]


def size_measure(suspicion: FloatArray) -> npt.NDArray[np.float64]:
    """The share of the draws that each sample should get; sums to one.

    Args:
        suspicion: float (N,), log-odds that the label is wrong

    Example:
        >>> size_measure(np.array([0.0, 40.0])).round(3).tolist()
        [0.85, 0.15]
    """
    odds = np.clip(np.asarray(suspicion, np.float64), -60.0, 60.0)
    spread = 0.5 / np.cosh(odds / 2.0)  # sqrt(m (1 − m)) with m = 1 / (1 + exp(−odds))
    return (1.0 - UNIFORM_PART) * spread / spread.sum() + UNIFORM_PART / len(odds)


def stratify(suspicion: FloatArray, size: int) -> npt.NDArray[np.int32]:
    """The stratum of each sample, the most suspicious in stratum 0.

    Args:
        suspicion: float (N,)
        size: how many samples will be drawn; small audits get fewer strata

    Returns:
        int32 (N,), from 0 to B − 1, none empty

    Example:
        >>> stratify(np.array([-4.0, 3.0, 0.0, 0.1]), size=20).tolist()
        [1, 0, 1, 0]
    """
    count = max(1, min(STRATA, size // DRAWS_A_STRATUM))
    order = np.argsort(-suspicion, kind="stable")
    share = size_measure(suspicion)[order]
    middle = np.cumsum(share) - share / 2.0
    band = np.minimum((middle * count).astype(np.int64), count - 1)
    stratum = np.empty(len(suspicion), np.int32)
    stratum[order] = np.unique(band, return_inverse=True)[1]
    return stratum


def allocation(population: IntArray, size: int) -> npt.NDArray[np.int64]:
    """How many to draw of each stratum: equally many, or all where it holds fewer.

    What is over goes to the strata that are sampled most thinly.

    Example:
        >>> allocation(np.array([2, 50, 100]), 10).tolist()
        [2, 4, 4]
        >>> allocation(np.array([5, 50]), 7).tolist()
        [3, 4]
    """
    population = np.asarray(population, np.int64)
    drawn = np.minimum(size // len(population), population)
    for _ in range(min(size, int(population.sum())) - int(drawn.sum())):
        thin = np.where(drawn < population, population / np.maximum(drawn, 0.5), -1.0)
        # The least drawn first: the remainder must not all go to one large stratum.
        thin[drawn > drawn[drawn < population].min()] = -1.0
        drawn[np.argmax(thin)] += 1
    return drawn


def draw(suspicion: FloatArray, size: int, seed: int) -> Draw:
    """Draw an audit.

    Args:
        suspicion: float (N,), of the samples that are open; higher is more suspect
        size: how many to draw; all, where there are no more than that
        seed: of the random numbers

    Raises:
        ValueError: if there is nothing to draw from, or less than one sample is wanted

    Example:
        >>> made = draw(np.linspace(-5.0, 5.0, 1000), size=100, seed=51)
        >>> len(made.at), len(set(made.at.tolist())), made.drawn.tolist()
        (100, 100, [10, 10, 10, 10, 10, 10, 10, 10, 10, 10])
    """
    if size < 1 or not len(suspicion):
        raise ValueError(f"cannot draw {size} of {len(suspicion)} samples")
    random = np.random.default_rng(seed)
    stratum = stratify(suspicion, size)
    population = np.bincount(stratum)
    drawn = allocation(population, size)
    members = np.split(np.argsort(stratum, kind="stable"), np.cumsum(population)[:-1])
    at = np.concatenate(
        [random.choice(m, n, replace=False) for m, n in zip(members, drawn, strict=True)]
    )
    rounds = np.concatenate([np.arange(n) for n in drawn])
    order = np.lexsort((random.random(len(at)), rounds))
    return Draw(
        at=at[order].astype(np.int64),
        stratum=stratum[at][order],
        round=rounds[order].astype(np.int32),
        population=population.astype(np.int64),
    )
