"""Labels that are sets of tags: missing and spurious ones, on one scale."""

COMPUTES = ("calibration", "co_occurrence", "pooling", "score_rows", "scoring")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
