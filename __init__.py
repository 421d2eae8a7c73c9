"""The door: FiftyOne loads this file, and register tells it what the plugin has."""

from typing import Any

from .operators import OPERATORS
from .panels import PANELS


def register(p: Any) -> None:
    """Register every operator and panel with FiftyOne's plugin context."""
    for component in (*OPERATORS, *PANELS):
        p.register(component)
