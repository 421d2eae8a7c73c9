"""Coreset importance: which samples of a class matter most to a linear classifier."""

COMPUTES = (
    "advice",
    "auroc",
    "confusion",
    "held_out",
    "index",
    "leverage",
    "moments",
    "sensitivity",
    "spool",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
