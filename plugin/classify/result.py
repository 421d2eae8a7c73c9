"""What is told of an iteration once it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..scoring.judged import Judged
from ..scoring.lookalikes import lookalike_labels
from ..store.iterations import Iteration
from .settings import Settings


def set_apart(judged: Judged, classes: Sequence[str], settings: Settings) -> dict[str, Any]:
    """The classes that are set apart as they are kept: names may hold what a key may not."""
    kind = "unknown_classes" if settings.source == "predictions" else "rare_classes"
    named = [[name, samples] for name, samples in judged.names(classes).items()]
    return {"kind": kind, "classes": np.flatnonzero(judged.apart).tolist(), "names": named}


def summary_of(iteration: Iteration) -> dict[str, Any]:
    """The result of a kept iteration, as ``find_label_errors`` gives it."""
    skipped: Mapping[str, Any] = iteration.document["skipped"]
    apart: Mapping[str, Any] = iteration.document["set_apart"]
    votes: Mapping[str, Any] = iteration.document.get("votes", {})
    return {
        **iteration.counts,
        "source": iteration.settings["source"],
        "chosen": str(iteration.document["chosen"]),
        "classes": len(iteration.classes),
        "rare_classes": {},
        "unknown_classes": {},
        apart["kind"]: dict(apart["names"]),
        "assumed": list(iteration.document["assumed"]),
        "weighed": list(iteration.document["weighed"]),
        "warnings": list(iteration.document["warnings"]),
        "annotators": list(votes.get("annotators", [])),
        "votes_left_out": [list(pair) for pair in votes.get("votes_left_out", [])],
        "lookalike_labels": lookalike_labels(iteration.classes),
        "skipped": dict(skipped["reasons"]),
        "skipped_samples": list(skipped["samples"]),
    }
