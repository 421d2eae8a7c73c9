"""Samples handed to annotators elsewhere, and what came back as decisions."""
