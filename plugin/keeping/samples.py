"""Names for FiftyOne's collections in type annotations.

FiftyOne ships no types, and what a checker infers of its dynamic classes is more often wrong than
right, so both stand for ``Any``; the names tell the reader what is meant.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Dataset: TypeAlias = Any
"""A ``fiftyone.Dataset``."""

Collection: TypeAlias = Any
"""A ``fiftyone.Dataset`` or ``fiftyone.DatasetView``."""
