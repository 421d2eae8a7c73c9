"""Classification: from a dataset to an iteration of scores, by training, fields or embeddings."""

COMPUTES = ("confident_learning", "settings")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
