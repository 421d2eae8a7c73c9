"""Second opinion: items put to another person, blind; agreement beyond chance, disagreements."""

COMPUTES: tuple[str, ...] = ()
"""It has no equations of its own: Cohen's kappa is in ``votes/agreement.py``."""
