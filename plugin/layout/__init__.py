"""Layout: places of samples by likeness, for a cell and for the map of a dataset."""

COMPUTES = ("grid", "landmarks", "neighbourhood", "projection", "projection_worker")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
