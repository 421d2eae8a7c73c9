"""Decisions: journalled, applied, taken back, exchanged; the state that they give."""
