"""Samples that a run had to leave out, counted by reason and listed."""

from __future__ import annotations

from collections import Counter
from typing import Any

LISTED = 1_000


class Skipped:
    """Counts every sample that was left out and lists the first thousand."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.samples: list[dict[str, str]] = []

    def add(self, sample_id: Any, filepath: str | None, reason: str, detail: str = "") -> None:
        """Note a sample.

        Args:
            sample_id: the sample
            filepath: its file
            reason: what is wrong, in words that samples with the same trouble share
            detail: what is particular to this sample
        """
        self.reasons[reason] += 1
        if len(self.samples) < LISTED:
            entry = {"sample_id": str(sample_id), "filepath": filepath or "", "reason": reason}
            self.samples.append({**entry, "detail": detail} if detail else entry)

    def __len__(self) -> int:
        return self.reasons.total()

    def most_common(self) -> str:
        """The most frequent reason, for an error message."""
        return self.reasons.most_common(1)[0][0] if self.reasons else "there are none"
