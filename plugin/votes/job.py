"""Which samples should be put to one more person, by what a run with votes knows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decisions.state import current_state
from ..errors import InputError
from ..store.iterations import Iteration, unpack_ids
from ..store.runs import Run
from ..store.scores import read_rank

VALUE_OF_VOTE = "vote_value"
"""The kept score of each row: the gain in the probability that the consensus is right."""


def checked_number(n: int) -> None:
    """Raise InputError unless it can be a number of samples."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InputError(f"n: expected a whole number of samples, at least 1, got {n!r}")


def made_without_votes(run: Run, iteration: Iteration) -> InputError:
    """What to say of an iteration that knows of no votes."""
    return InputError(
        f"Iteration {iteration.number} of run '{run.key}' was made without votes. Call "
        "find_label_errors with vote_fields first."
    )


def request_votes(run: Run, n: int) -> dict[str, Any]:
    """The open samples on which one more vote is expected to change most.

    Args:
        run: a run whose last iteration was made with ``vote_fields``
        n: how many at most

    Returns:
        ``sample_ids``, most worth asking first; ``gain`` of each; ``expected``: how many more of
        these are expected to have the right consensus then; ``run_key`` and ``iteration``

    Raises:
        InputError: if the last iteration knows of no votes
    """
    checked_number(n)
    iteration = run.iteration()
    value = read_rank(run, iteration, VALUE_OF_VOTE)
    if value is None:
        raise made_without_votes(run, iteration)
    worth = np.where(current_state(run).kind == 0, value, -1.0)
    order = np.argsort(-worth, kind="stable")[:n]
    order = order[worth[order] > 0]
    gain = [round(float(v), 6) for v in worth[order]]
    return {
        "sample_ids": unpack_ids(iteration.column("sample_id")[order]),
        "gain": gain,
        "expected": round(sum(gain), 2),
        "run_key": run.key,
        "iteration": iteration.number,
    }
