"""Classifiers: built, trained, and applied to every sample."""

COMPUTES = ("choices", "classifiers", "linear_head", "training", "warm_start")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
