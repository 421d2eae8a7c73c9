"""A FiftyOne with a database of its own, for a benchmark to fill and leave."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.private_fiftyone import isolated


def start() -> None:
    """Start it and point FiftyOne to it; call this before fiftyone is imported."""
    isolated("deconfuse-benchmark-")
