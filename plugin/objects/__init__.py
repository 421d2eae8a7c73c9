"""Labels that are sets of boxes: missing, spurious, wrong and badly placed ones, on one scale."""

COMPUTES = (
    "alterations",
    "boxes",
    "by_image",
    "candidates",
    "detections",
    "dismissed",
    "doubles",
    "empty_places",
    "error_model",
    "evidence",
    "features",
    "matching",
    "overlaps",
    "scoring",
    "shares",
    "shown",
    "vote_groups",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
