"""What people judged of a run: the label that each sample, or object, had before they did."""

from __future__ import annotations

from collections.abc import Sequence

from bson import ObjectId

from ..store.runs import Run
from .journal import BY_SEQ, ITEM, SAMPLE, applied_headers, entries, was_lost

JUDGEMENTS = ("relabeled", "confirmed")
"""Of what can stand on a sample: what says whether its label was right."""

JUDGED_ITEMS = (*JUDGEMENTS, "removed", "added", "moved")
"""The same of what can stand on an object or a tag."""


def first_labels(run: Run) -> dict[str, str]:
    """The label that each judged sample had before anybody decided on it, by sample id.

    A sample counts where a label was confirmed or given, and that decision stands.
    """
    first = _first(run, SAMPLE, JUDGEMENTS)
    return {str(sample): label for sample, label in first.items() if label}


def first_item_labels(run: Run) -> dict[str, str | None]:
    """The same of labels of a run on objects or tags, by label id; None where none was there."""
    return {str(item): label for item, label in _first(run, ITEM, JUDGED_ITEMS).items()}


def _first(run: Run, unit: str, judged: Sequence[str]) -> dict[ObjectId, str | None]:
    by_id = {header["_id"]: header for header in applied_headers(run)}
    if not by_id:
        return {}
    kept = dict.fromkeys(("decision", unit, "label_before", "kind_after", "lost"), 1)
    first: dict[ObjectId, str | None] = {}
    standing: dict[ObjectId, str | None] = {}
    found = entries().find(run.owner, kept).sort("seq", 1).hint(BY_SEQ)
    for entry in found.batch_size(20_000):
        header = by_id.get(entry["decision"])
        if header is None or unit not in entry or was_lost(entry, header):
            continue
        key = entry[unit]
        standing[key] = entry["kind_after"]
        if entry["kind_after"] is None:
            first.pop(key, None)
        else:
            first.setdefault(key, entry["label_before"])
    return {key: label for key, label in first.items() if standing[key] in judged}
