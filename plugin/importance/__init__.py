"""Coreset importance: which samples of a class matter most to a linear classifier."""
