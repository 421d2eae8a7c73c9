"""The steps of a decision from its lock to its end, by name, so that a test can stop it at each."""

from __future__ import annotations


def reached(step: str) -> None:
    """Called at every step between journal and dataset; tests replace it to die there."""
