"""Reading an audit: from verdicts, and what was reviewed since the draw, to the errors left.

All that is estimated is the number of errors at the draw. Those found since are known and counted
off, so it makes no difference who found them, when, or in which order. A stratum, or a part of
one, in which nothing is open any more is counted and not estimated at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, IntArray
from .estimator import Interval, interval, upper_bound

WAITING, RIGHT, WRONG, UNCLEAR, GONE = range(5)
FEWEST_ROUNDS = 2
FEWEST_VERDICTS = 20
FEWEST_IN_A_PART = 10


@dataclass(frozen=True)
class Audit:
    """An audit as it stands.

    Attributes:
        stratum: int (n,), of each drawn sample
        round: int (n,), of each drawn sample
        verdict: int (n,), WAITING, RIGHT, WRONG, UNCLEAR or GONE
        population: int (B,), samples of each stratum that were open at the draw
        found: int (B,), errors found among those since, the audit's own included
        open: int (B,), those that are still open
    """

    stratum: IntArray
    round: IntArray
    verdict: IntArray
    population: IntArray
    found: IntArray
    open: IntArray

    @property
    def done(self) -> bool:
        """Whether each drawn sample has its verdict."""
        return not (self.verdict == WAITING).any()

    @property
    def used(self) -> BoolArray:
        """The drawn samples that count: all, or those of the rounds that are finished.

        The rest of an unfinished audit is no random sample: ordinary review meets the most
        suspicious of them first.
        """
        waiting = self.round[self.verdict == WAITING]
        finished = int(waiting.min()) if len(waiting) else int(self.round.max()) + 1
        return np.asarray(self.round < finished)

    def errors_at_draw(self, what: int = WRONG) -> Interval | None:
        """The errors at the draw with their 95 % interval; None while there are too few verdicts.

        Args:
            what: the verdict that is counted
        """
        counts = self._counts(what)
        if counts is None:
            return None
        wrong, drawn = counts
        # A tag on other samples is no verdict on whether anybody can tell, so that is estimated.
        settled = (self.open == 0) & (what == WRONG)
        known = float(self.found[settled].sum())
        rest = ~settled
        if not rest.any():
            return Interval(known, known, known)
        return interval(wrong[rest], drawn[rest], self.population[rest]) + known

    def left(self) -> Interval | None:
        """The errors among the samples that are open now; None while there are too few verdicts."""
        at_draw = self.errors_at_draw()
        if at_draw is None:
            return None
        return at_draw.less(float(self.found.sum()), float(self.open.sum()))

    def bound(self, alpha: float) -> float | None:
        """An upper bound of the errors left, wrong with a probability of at most ``alpha``.

        It may be asked for again and again while review goes on: only what was found is counted
        off. None until all verdicts are there.
        """
        if not self.done:
            return None
        wrong, drawn = self._all_counts(WRONG, np.ones(len(self.stratum), bool))
        at_draw = upper_bound(wrong, drawn, self.population, alpha)
        return max(0.0, at_draw - float(self.found.sum()))

    def left_in_part(
        self, inside: BoolArray, population: IntArray, found: IntArray, open_: IntArray
    ) -> Interval | None:
        """The same for a part of the samples, such as a row or a cell of the overview.

        A part holds no more errors than the whole, so no end lies above the whole's. Without that
        a part in which no error was met, so that nothing says which strata hold its errors, could
        have the higher bound.

        Args:
            inside: bool (n,), which drawn samples belong to it
            population: int (B,), samples of the part in each stratum that were open at the draw
            found: int (B,), errors found among them since
            open_: int (B,), those that are still open
        """
        used = self.used
        whole = self.left()
        if (used & inside).sum() < FEWEST_IN_A_PART or whole is None:
            return None
        wrong, _ = self._all_counts(WRONG, used & inside)
        drawn = np.bincount(self.stratum[used], minlength=len(self.population))
        rest = (open_ > 0) & (population > 0)
        if not rest.any():
            return Interval(0.0, 0.0, 0.0)
        there = interval(wrong[rest], drawn[rest], self.population[rest])
        left = there.less(float(found[rest].sum()), float(open_.sum()))
        return left.within(whole)

    def _counts(self, what: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
        used = self.used
        few = int(self.round[used].max(initial=-1)) + 1 < FEWEST_ROUNDS
        if not self.done and (few or used.sum() < FEWEST_VERDICTS):
            return None
        return self._all_counts(what, used)

    def _all_counts(
        self, what: int, used: BoolArray
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        size = len(self.population)
        drawn = np.bincount(self.stratum[used], minlength=size)
        wrong = np.bincount(self.stratum[used & (self.verdict == what)], minlength=size)
        return wrong, drawn
