"""Classifiers: built, trained, and applied to every sample."""

COMPUTES = (
    "checkpoints",
    "choices",
    "classifiers",
    "discriminant",
    "efficientnet_lite",
    "folds",
    "heads",
    "linear_head",
    "network_head",
    "networks",
    "training",
    "warm_start",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
