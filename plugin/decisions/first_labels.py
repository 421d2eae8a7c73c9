"""What people judged of a run's samples: the label that each had before, from the journal alone."""

from __future__ import annotations

from ..store.runs import Run
from .journal import BY_SEQ, applied_headers, entries, was_lost

JUDGEMENTS = ("relabeled", "confirmed")
"""Of what can stand on a sample: what says whether its label was right."""


def first_labels(run: Run) -> dict[str, str]:
    """The label that each judged sample had before anybody decided on it, by sample id.

    A sample counts where a label was confirmed or given, and that decision stands.
    """
    by_id = {header["_id"]: header for header in applied_headers(run)}
    if not by_id:
        return {}
    kept = dict.fromkeys(("decision", "sample_id", "label_before", "kind_after", "lost"), 1)
    first: dict[str, str | None] = {}
    standing: dict[str, str | None] = {}
    found = entries().find(run.owner, kept).sort("seq", 1).hint(BY_SEQ)
    for entry in found.batch_size(20_000):
        header = by_id.get(entry["decision"])
        if header is None or was_lost(entry, header):
            continue
        sample_id = str(entry["sample_id"])
        standing[sample_id] = entry["kind_after"]
        if entry["kind_after"] is None:
            first.pop(sample_id, None)
        else:
            first.setdefault(sample_id, entry["label_before"])
    return {
        sample_id: label
        for sample_id, label in first.items()
        if label and standing[sample_id] in JUDGEMENTS
    }
