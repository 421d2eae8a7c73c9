"""The run whose decisions are votes, where that is asked for."""

from __future__ import annotations

from ..errors import InputError
from ..runs.life import begins_anew
from ..store.runs import Run, list_runs, load_run
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from .settings import Settings


def run_so_far(samples: Collection, settings: Settings) -> Run | None:
    """The run whose journal counts as votes; None where it is not asked for.

    Raises:
        InputError: if there is no such run yet
    """
    dataset, key = root_dataset(samples), settings.run_key
    if not settings.journal_votes:
        return None
    if key not in list_runs(dataset) or begins_anew(dataset, key) is not None:
        raise InputError(
            f"journal_votes: run '{key}' has no decisions yet that could be votes. Find errors "
            "without it first, and decide on some."
        )
    return load_run(dataset, key)
