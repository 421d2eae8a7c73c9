"""Decisions: journalled before they are done, done once, and taken back exactly."""
