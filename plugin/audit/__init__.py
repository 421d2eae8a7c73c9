"""Audit: errors left, estimated from random samples that a person judges; checks before acts."""

COMPUTES = ("check_bound", "counted", "estimator", "sampling", "stopping", "verdicts")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
