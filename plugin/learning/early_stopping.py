"""Which epoch of a training to keep: the one under which labels held out are most likely."""

from __future__ import annotations

from collections import deque

import torch
from torch import nn

SMALLEST = 1e-12

State = dict[str, torch.Tensor]


def state_of(model: nn.Module) -> State:
    """A copy of a model's state."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


class BestEpoch:
    """Keeps the states after the best epoch and those right before it.

    Args:
        average: states whose probabilities are averaged, the last one included
        patience: epochs without a better one after which there is no use in going on; None for
            none

    Attributes:
        states: of the best epoch, the last one is its own
        epoch: the number of the best epoch, as it was told
        likelihood: mean log-probability of the labels held out, of the averaged probabilities;
            None before the first epoch
    """

    def __init__(self, average: int, patience: int | None):
        self.states: list[State] = []
        self.epoch = 0
        self.likelihood: float | None = None
        self._patience = patience
        self._last: deque[tuple[State, torch.Tensor]] = deque(maxlen=average)

    def saw(self, epoch: int, model: nn.Module, p_label: torch.Tensor) -> bool:
        """Note an epoch.

        Args:
            epoch: its number; 0 for before the first
            model: as it is after the epoch
            p_label: float (m,), what it gives the labels held out

        Returns:
            whether to go on
        """
        self._last.append((state_of(model), p_label))
        mean = torch.stack([p for _, p in self._last]).double().mean(dim=0)
        likelihood = float(mean.clamp(min=SMALLEST).log().mean())
        if self.likelihood is None or likelihood > self.likelihood:
            self.likelihood, self.epoch = likelihood, epoch
            self.states = [state for state, _ in self._last]
        return self._patience is None or epoch - self.epoch < self._patience
