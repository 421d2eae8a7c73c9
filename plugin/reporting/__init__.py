"""What became of a run: its iterations compared, the effort it took, and a report of both."""
