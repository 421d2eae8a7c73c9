"""What a click costs: the commands that one decision sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone.core.odm.database as odm
import pytest
from pymongo import monitoring

from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.progress import silent
from plugin.store.runs import Run
from plugin.store.write_fields import write_scores
from tests.plugin.decided import ids_of, make_run

MOST_OF_A_RELABEL = 11
MOST_OF_AN_UNDO = 17
MOST_OF_THE_COUNTS = 3
"""What it takes on top to bring the field of the counts up to date, once an iteration wrote it."""


class Counted(monitoring.CommandListener):
    """Every command that this process sends once a connection knows the listener."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Note it."""
        self.commands.append((event.command_name, event.command.get(event.command_name)))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing."""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    listener = Counted()
    monitoring.register(listener)
    monkeypatch.setattr(odm, "_client", None)  # the next connection has the listener
    yield listener
    monitoring._LISTENERS.command_listeners.remove(listener)


@pytest.fixture
def run(counted: Counted) -> Iterator[Run]:
    made = make_run(9)
    ids = ids_of(made)
    resolve(made, "confirm", ids[:1])  # what is made once a run, such as its field, is there
    undo(made)
    yield made
    made.dataset.delete()


@pytest.mark.parametrize("fields_written", [False, True])
def test_a_click_sends_no_more_than_it_does_today(
    run: Run, counted: Counted, fields_written: bool
) -> None:
    ids = ids_of(run)
    more = MOST_OF_THE_COUNTS if fields_written else 0
    if fields_written:
        write_scores(run, run.iteration(), current_state(run).open_count, silent)
        resolve(run, "confirm", ids[:1])  # the columns that are read once a process
        undo(run)
    counted.commands.clear()
    resolve(run, "relabel", ids[1:2], label="new")
    relabel = list(counted.commands)
    counted.commands.clear()
    undo(run)
    taken_back = list(counted.commands)
    assert 8 <= len(relabel) <= MOST_OF_A_RELABEL + more, relabel
    assert 8 <= len(taken_back) <= MOST_OF_AN_UNDO + more, taken_back
    for click in (relabel, taken_back):
        assert click.count(("aggregate", "datasets")) == 1, click
