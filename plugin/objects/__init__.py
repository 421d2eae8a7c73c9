"""Labels that are sets of boxes: missing, spurious, wrong and badly placed ones, on one scale."""

COMPUTES = ("boxes", "detections", "matching", "overlaps")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
