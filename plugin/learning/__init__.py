"""Classifiers: built, trained, and applied to every sample."""
