"""What a comparison can be asked for: the threshold of SES, and which images are compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InputError

SCOPES = ("same_prediction", "all")
LOWEST_THRESHOLD = 0.5


def check_threshold(threshold: Any, lowest: float = LOWEST_THRESHOLD, why: str = "") -> None:
    """Raise InputError unless the threshold is a number from ``lowest`` to 1."""
    number = isinstance(threshold, (int, float)) and not isinstance(threshold, bool)
    if not number or not lowest <= threshold <= 1:
        # Rounded up, so that the number that is shown can be given.
        shown = np.ceil(lowest * 1e4) / 1e4
        low = f"{shown:g} ({why})" if why else f"{shown:g}"
        raise InputError(f"threshold: expected a number from {low} to 1, got {threshold!r}")


def check_scope(scope: Any) -> str:
    """The scope. InputError if it is none."""
    if scope not in SCOPES:
        raise InputError(f"scope: expected one of {', '.join(SCOPES)}, got {scope!r}")
    return scope
