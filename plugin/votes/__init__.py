"""Several people's labels of one sample: consensus with a model, annotators, whom to ask next."""

COMPUTES = (
    "agreement",
    "annotators",
    "consensus",
    "crowd",
    "ballots",
    "next_vote",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
