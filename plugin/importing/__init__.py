"""Predictions in files: CSV, JSON lines and NumPy, read in pieces and without running any code."""
