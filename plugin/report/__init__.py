"""Reports: what changed between iterations, what it cost, and a page that says so."""

COMPUTES = ("change", "curve", "effort", "fixes", "gallery", "page", "set_apart")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
