"""Images: decoded into well-defined arrays, many at a time, and shown small."""

COMPUTES = (
    "comparable",
    "compare_worker",
    "decode",
    "decode_worker",
    "decoded",
    "deep",
    "digests",
    "saliency",
    "thumbnails",
    "whole_pixels",
    "windows",
    "working_size",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
