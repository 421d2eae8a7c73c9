"""What tests of decisions share; a file that needs another run has a fixture of its own."""

from collections.abc import Iterator

import fiftyone as fo
import pytest

from plugin.decisions import steps
from plugin.decisions.resolve import resolve
from plugin.decisions.undo import undo
from plugin.store.runs import Run
from tests.plugin.decided import ids_of, make_run


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(6)
    resolve(made, "confirm", ids_of(made)[5:])  # declares the field
    undo(made)
    yield made
    steps.reached = lambda step: None
    made.dataset.delete()


@pytest.fixture
def copies() -> Iterator[list[fo.Dataset]]:
    made: list[fo.Dataset] = []
    yield made
    for dataset in made:
        dataset.delete()
