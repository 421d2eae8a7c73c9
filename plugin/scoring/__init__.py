"""From probabilities to what is kept of every sample: measures, cells, overview."""

COMPUTES = (
    "agreement",
    "batches",
    "cells",
    "judged",
    "measures",
    "overview",
    "probabilities",
    "score_kind",
    "scores",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
