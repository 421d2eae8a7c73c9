"""Predictions from elsewhere: files read, understood as a whole, and written into a field."""

COMPUTES = (
    "array_files",
    "calibration",
    "class_list",
    "class_numbers",
    "csv_rows",
    "files",
    "json_rows",
    "limits",
    "numpy_rows",
    "rows",
    "settings",
    "understanding",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
