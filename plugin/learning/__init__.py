"""Classifiers: built, trained, and applied to every sample."""

COMPUTES = (
    "augmentation",
    "checkpoint_files",
    "checkpoints",
    "choices",
    "classifiers",
    "discriminant",
    "early_stopping",
    "efficientnet_lite",
    "fast_resnet",
    "fitted_head",
    "folds",
    "goals",
    "heads",
    "held_out_fold",
    "linear_head",
    "memorised",
    "network_head",
    "networks",
    "official_weights",
    "pictures",
    "recipe",
    "sigmoid_heads",
    "training",
    "warm_start",
)
"""Its files that take arrays and return arrays: they know neither FiftyOne nor MongoDB."""
