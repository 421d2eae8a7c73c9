"""Second opinions on objects: outlines put to another person, blind, and what is to settle."""

COMPUTES: tuple[str, ...] = ()
"""It has no equations of its own: Cohen's kappa is in ``votes/agreement.py``."""
