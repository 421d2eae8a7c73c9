"""More than one machine: work cut into parts that workers take, each written once under its key."""

COMPUTES = ("choices", "part")
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
