"""Annotation: samples handed to annotators elsewhere, and their answers made decisions."""
