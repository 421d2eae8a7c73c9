"""Vectors: embeddings by name, features for layouts, and neighbours among them."""

COMPUTES = ("axes", "bursts", "features", "nearest", "neighbours", "network_features", "stored")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
