"""The engine of Deconfuse: rooms that compute, from arrays to arrays, and rooms that keep."""

COMPUTES = (
    "abandonable",
    "arrays",
    "csv_lines",
    "disk_cache",
    "documents",
    "errors",
    "json_stream",
    "percent",
    "prefetch",
    "processes",
    "progress",
    "scratch",
    "skipped",
    "splits",
    "tensors",
    "torch_threads",
    "values",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
