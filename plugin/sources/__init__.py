"""The three sources: from a dataset to batches of log-probabilities."""
