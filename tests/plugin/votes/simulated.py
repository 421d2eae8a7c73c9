"""Made votes whose truth is known: people of different care, who err together on hard samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plugin.scoring.probabilities import from_logits
from plugin.votes.ballots import Ballots


@dataclass(frozen=True)
class Simulated:
    """Votes with everything that they were made from."""

    truth: np.ndarray
    log_p: np.ndarray
    ballots: Ballots
    accuracy: np.ndarray


def simulated(
    samples: int = 3_000,
    annotators: int = 30,
    classes: int = 4,
    votes: int = 3,
    *,
    together: float = 0.0,
    seed: int = 0,
) -> Simulated:
    """Votes on samples; a share ``together`` of them looks like another class to everybody."""
    g = np.random.default_rng(seed)
    truth = g.integers(0, classes, samples)
    logits = g.normal(0, 1, (samples, classes))
    logits[np.arange(samples), truth] += 3
    error = g.uniform(0.05, 0.4, annotators)
    seen = truth.copy()
    misleading = g.random(samples) < together
    seen[misleading] = (truth[misleading] + 1) % classes
    who = np.stack([g.permutation(annotators)[:votes] for _ in range(samples)])
    off = (truth[:, None] + g.integers(1, classes, who.shape)) % classes
    said = np.where(g.random(who.shape) < error[who], off, seen[:, None])
    ballots = Ballots.of(
        np.repeat(np.arange(samples), votes),
        who.ravel(),
        said.ravel(),
        samples=samples,
        annotators=annotators,
        classes=classes,
    )
    right = said == truth[:, None]
    accuracy = np.array([right[who == a].mean() for a in range(annotators)])
    return Simulated(truth, from_logits(logits), ballots, accuracy)
