"""Similarity errors, equation 3 of the paper: near-duplicates found and grouped."""
