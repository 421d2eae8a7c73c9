"""Imports of decisions that are previewed first: the preview changes nothing, and is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from plugin.decisions.import_report import ImportReport
from plugin.store.runs import Run
from tests.traces import database_of


def previewed(importer: Callable[..., ImportReport]) -> Callable[..., ImportReport]:
    """An import that fails where its preview says something else than the import does."""

    def importing(run: Run, path: str | Path, **options: Any) -> ImportReport:
        before = database_of(run.dataset)
        seen = importer(run, path, preview=True, **options)
        assert seen.preview
        assert database_of(run.dataset) == before
        made = importer(run, path, **options)
        seen_, made_ = told(seen), told(made)
        differ = {n: (seen_[n], made_[n]) for n in seen_ if seen_[n] != made_[n]}
        assert not differ, differ
        return made

    return importing


def told(report: ImportReport) -> dict[str, Any]:
    """A report without what may differ: the order of conflicts, and how refusals are worded."""
    found = report.to_dict()
    del found["preview"]
    found["conflicts"] = sorted(
        (c["sample_id"], c.get("label_id", ""), c["reason"], str(c["found"]))
        for c in found["conflicts"]
    )
    found["refused"] = [one["decision"] for one in found["refused"]]
    return found
