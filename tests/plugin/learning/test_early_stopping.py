"""Early stopping: the epoch that is kept is the one under which labels held out are likeliest."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from plugin.learning.early_stopping import BestEpoch


def model_of(epoch: int) -> nn.Linear:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, epoch)
    return model


def run(rows: list[list[float]], average: int, patience: int | None) -> tuple[BestEpoch, int]:
    best = BestEpoch(average, patience)
    for epoch, row in enumerate(rows, 1):
        if not best.saw(epoch, model_of(epoch), torch.tensor(row)):
            return best, epoch
    return best, len(rows)


probabilities = st.floats(1e-6, 1.0)
trainings = st.lists(st.lists(probabilities, min_size=4, max_size=4), min_size=1, max_size=8)


@given(trainings, st.integers(1, 3), st.sampled_from([None, 1, 2, 3]))
def test_no_epoch_that_was_seen_is_better_than_the_one_kept(
    rows: list[list[float]], average: int, patience: int | None
) -> None:
    best, last = run(rows, average, patience)
    seen = np.array(rows[:last])
    likelihood = [
        float(np.log(seen[max(0, e - average) : e].mean(axis=0)).mean()) for e in range(1, last + 1)
    ]
    assert best.likelihood == pytest.approx(max(likelihood), abs=1e-5)
    assert likelihood[best.epoch - 1] == pytest.approx(max(likelihood), abs=1e-5)
    kept = [float(state["weight"]) for state in best.states]
    assert kept == list(range(max(1, best.epoch - average + 1), best.epoch + 1))


def test_it_ends_when_patience_does() -> None:
    rows = [[0.5], [0.6], [0.5], [0.59], [0.9]]
    best, last = run(rows, 1, 2)
    assert (best.epoch, last) == (2, 4)
    best, last = run(rows, 1, 3)
    assert (best.epoch, last) == (5, 5)


def test_what_is_kept_stays_as_it_was_when_training_goes_on() -> None:
    best, model = BestEpoch(1, None), model_of(7)
    best.saw(1, model, torch.tensor([0.9]))
    nn.init.constant_(model.weight, 8)
    best.saw(2, model, torch.tensor([0.1]))
    assert float(best.states[-1]["weight"]) == 7


def test_a_label_that_is_held_impossible_is_bad_but_no_end() -> None:
    best, _ = run([[0.0, 1.0], [0.1, 0.9]], 1, 2)
    assert best.epoch == 2
    assert np.isfinite(best.likelihood or np.nan)
