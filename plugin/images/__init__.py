"""Images: decoded into well-defined arrays, many at a time, and shown small."""

COMPUTES = (
    "comparable",
    "decode",
    "decoded",
    "decoded_crop",
    "deep",
    "digests",
    "image_tasks",
    "saliency",
    "spread",
    "spread_worker",
    "thumbnails",
    "whole_picture",
    "whole_pixels",
    "windows",
    "working_size",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
