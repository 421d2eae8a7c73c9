"""Reports: what changed between iterations, what it cost, and a page that says so."""

COMPUTES = ("change", "effort", "page", "rounds", "set_apart")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
