"""Images with their boxes to annotators, and what comes back as decisions on objects."""

COMPUTES = ("regions",)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
