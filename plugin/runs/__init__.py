"""Runs as a person meets them: opened, begun anew, renamed, pointed elsewhere, deleted."""
