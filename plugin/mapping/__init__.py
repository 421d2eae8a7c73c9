"""The whole dataset as a map: where each sample goes, and who its neighbours are."""
