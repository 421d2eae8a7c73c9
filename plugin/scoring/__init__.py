"""From probabilities to what is kept of every sample: CIES, IIES, margin, cells, overview."""

COMPUTES = (
    "agreement",
    "batches",
    "cells",
    "cies",
    "decided",
    "favour",
    "iies",
    "margin",
    "judged",
    "lookalikes",
    "memorised",
    "overview",
    "pooling",
    "probabilities",
    "score_kind",
    "scores",
    "typical",
    "weighing",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
