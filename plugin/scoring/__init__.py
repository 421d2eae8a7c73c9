"""From probabilities to what is kept of every sample: measures, cells, overview."""
