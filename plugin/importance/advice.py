"""Whether another round of cleaning is worth it: AUROC and labels fixed, round by round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol

AUROC_STEP = 0.0005
"""A round that raises the mean AUROC by less has not raised it."""

FIX_SHARE = 0.25
"""A round that fixes less than this share of what the best round did, for each sample looked at."""

ROUNDS = 2
"""So many rounds in a row must have levelled off."""

Advice = Literal["first", "decide", "go on", "auroc", "fixes", "both"]

ADVICE: dict[Advice, str] = {
    "first": "Review the most important samples of a class, round by round: each is measured.",
    "decide": "Review the samples that come first, then rank by importance again.",
    "go on": "Go on: rounds still fix labels and raise the AUROC.",
    "auroc": "The AUROC has levelled off over two rounds: stop here, or go on with another class.",
    "fixes": "Two rounds in a row found few wrong labels: stop here, or go on with another class.",
    "both": "AUROC and labels fixed have levelled off: stop here, or go on with another class.",
}
"""Each advice as a sentence."""

STOP: tuple[Advice, ...] = ("auroc", "fixes", "both")


class Scored(Protocol):
    """What is asked of a round; see :class:`Round`."""

    @property
    def looked(self) -> int:
        """Samples on which a decision stood."""
        ...

    @property
    def fixed(self) -> int:
        """Of these, those relabelled or removed."""
        ...

    @property
    def auroc(self) -> float | None:
        """Mean over the classes."""
        ...


@dataclass(frozen=True)
class Round:
    """One scoring, with what had been decided by then.

    Attributes:
        looked: samples on which a decision stood
        fixed: of these, those relabelled or removed
        auroc: mean over the classes, by cross-validated logistic regression on the labels as
            they were; None where it is not defined
    """

    looked: int
    fixed: int
    auroc: float | None


def advice(rounds: Sequence[Scored]) -> Advice:
    """What the rounds so far advise.

    Returns:
        ``first`` before the first scoring, ``decide`` before decisions were scored, ``auroc``,
        ``fixes`` or ``both`` where these have levelled off over the last two rounds: stop;
        else ``go on``

    Example:
        >>> found = [Round(0, 0, 0.95), Round(50, 40, 0.96), Round(100, 44, 0.9601)]
        >>> advice(found), advice([*found, Round(150, 46, 0.9602)])
        ('go on', 'both')
    """
    if not rounds:
        return "first"
    steps = [
        (b.looked - a.looked, b.fixed - a.fixed, _risen(a, b))
        for a, b in pairwise(rounds)
        if b.looked > a.looked
    ]
    if not steps:
        return "decide"
    if len(steps) <= ROUNDS:
        return "go on"
    best = max(fixed / looked for looked, fixed, _ in steps)
    last = steps[-ROUNDS:]
    fixes = all(fixed / looked <= FIX_SHARE * best for looked, fixed, _ in last)
    auroc = all(risen is not None and risen < AUROC_STEP for _, _, risen in last)
    if fixes and auroc:
        return "both"
    return "fixes" if fixes else "auroc" if auroc else "go on"


def _risen(before: Scored, after: Scored) -> float | None:
    if before.auroc is None or after.auroc is None:
        return None
    return after.auroc - before.auroc
