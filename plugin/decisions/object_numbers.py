"""What a sample says of its objects as a whole: how many are suspect, and how much at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..store.runs import Run


def numbers_after(
    run: Run, document: Mapping[str, Any], labels: Iterable[Any], missing: Iterable[Any]
) -> dict[str, Any]:
    """``{run}_errors`` and ``{run}_suspicion`` of a sample for its labels and missing objects.

    Objects that carry a decision are not counted. Of a sample that no iteration judged, and where
    somebody deleted one of the fields, it says nothing.

    Args:
        run: the run
        document: the sample
        labels: its labels, once a decision is done
        missing: its missing objects, likewise
    """
    score, decision = run.field("suspicion"), run.field("decision")
    open_labels = (d for d in labels if d.get(decision) is None)
    found = [d.get(score) for part in (open_labels, missing) for d in part]
    scores = [v for v in found if isinstance(v, int | float)]
    values = {
        run.field("errors"): sum(v > 0 for v in scores),
        run.field("suspicion"): max(scores, default=None),
    }
    if document.get(run.field("errors")) is None:
        return {}
    return {name: value for name, value in values.items() if name in document}
