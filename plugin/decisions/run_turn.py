"""The dataset's turn, held while something is done to a run as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..store.runs import Run
from .apply import recover
from .lock import PATIENCE_SECONDS, Turn, TurnLost, take_turn


@contextmanager
def run_turn(run: Run, patience: float = PATIENCE_SECONDS) -> Iterator[Turn]:
    """Wait for a decision under way, complete what a dead writer left, and keep others waiting.

    Args:
        run: a run of the dataset
        patience: seconds to wait for a living writer

    Raises:
        InputError: if it did not end within that time; nothing was changed
    """
    while True:
        turn = take_turn(run.owner["dataset_id"], patience)
        try:
            recover(turn, run)
        except TurnLost:
            turn.release()
            continue
        except BaseException:
            turn.release()
            raise
        break
    try:
        yield turn
    finally:
        turn.release()
