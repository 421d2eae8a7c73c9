"""The dataset's lock, held while something is done to a run as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..store.runs import Run
from .lock import PATIENCE_SECONDS, Lock, LockLost, take_lock
from .recovery import recover


@contextmanager
def run_lock(run: Run, patience: float = PATIENCE_SECONDS) -> Iterator[Lock]:
    """Wait for a decision under way, apply what a dead writer left, and keep others waiting.

    Args:
        run: a run of the dataset
        patience: seconds to wait for a living writer

    Raises:
        InputError: if it did not end within that time; nothing was changed
    """
    while True:
        lock = take_lock(run.owner["dataset_id"], patience)
        try:
            recover(lock, run)
        except LockLost:
            lock.release()
            continue
        except BaseException:
            lock.release()
            raise
        break
    try:
        yield lock
    finally:
        lock.release()
