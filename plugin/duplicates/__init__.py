"""Near-duplicates: candidates, SSIM (equation 3 of the paper), groups, and decisions on them."""

COMPUTES = (
    "candidates",
    "dense_groups",
    "difference",
    "gaussian_window",
    "groups",
    "judging",
    "levels",
    "pairs",
    "radius_search",
    "search",
    "signals",
    "ssim",
    "structure_features",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
