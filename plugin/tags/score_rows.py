"""Rows of class scores of any kind as log-odds of each tag by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, FloatArray
from ..scoring.score_kind import LOG_PROBABILITIES, LOGITS, PERCENTAGES, ScoreKind, kind_of

WIDEST = 3.0
"""Logits with a larger standard deviation are brought to it; calibration finds their slope."""
SMALLEST = 1e-6


@dataclass(frozen=True)
class ScoreRows:
    """How rows of scores are read.

    Attributes:
        kind: what they are
        scale: what logits are divided by
    """

    kind: ScoreKind
    scale: float = 1.0

    def log_odds(self, scores: FloatArray) -> Float32Array:
        """Log-odds of each tag: float32 (n, C), of finite scores (n, C)."""
        rows = np.asarray(scores, np.float64)
        if self.kind.name == LOGITS:
            return (rows / self.scale).astype(np.float32)
        if self.kind.name == LOG_PROBABILITIES:
            rows = np.exp(np.minimum(rows, 0.0))
        elif self.kind.name == PERCENTAGES:
            rows = rows / 100.0
        low = max(self.kind.zero, SMALLEST)
        p = np.clip(rows, low, 1.0 - max(self.kind.one, SMALLEST))
        return (np.log(p) - np.log1p(-p)).astype(np.float32)

    @property
    def said(self) -> str:
        """The kind in words."""
        words = self.kind.said.partition("; each class by itself")[0]
        return f"{words}, calibrated for each tag by itself"


def score_rows(drawn: FloatArray) -> ScoreRows:
    """How to read rows of which some, float (n, C), were drawn from all.

    Raises:
        MixedScores: if they are of several kinds

    Example:
        >>> score_rows(np.array([[0.9, 0.8], [0.1, 0.05]])).kind.name
        'sigmoids'
        >>> score_rows(np.array([[3.0, -2.0]])).kind.name
        'logits'
    """
    kind = kind_of(drawn)
    if kind.name != LOGITS or not drawn.size:
        return ScoreRows(kind)
    return ScoreRows(kind, max(1.0, float(np.asarray(drawn).std()) / WIDEST))
