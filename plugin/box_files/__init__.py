"""Boxes from files elsewhere, COCO's JSON or YOLO's text: understood as a whole, and written."""

COMPUTES = ("categories", "coco", "layout", "rows", "settings", "yolo", "yolo_lines")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
