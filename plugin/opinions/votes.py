"""What people decided, and answered as a second opinion, as votes of theirs."""

from __future__ import annotations

from collections.abc import Iterator

from ..decisions.given_labels import given_labels
from ..store.runs import Run
from .store import all_answers


def votes_of_journal(run: Run) -> Iterator[tuple[str, str, str]]:
    """Sample id, who, and the class; answers first, so that a decision is a person's last word.

    What nobody is named for is nobody's vote.
    """
    yield from all_answers(run)
    for given in given_labels(run):
        if given.author:
            yield given.sample_id, given.author, given.label
