"""Starting from a classifier that was trained before, for labels that have changed a little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ..errors import InputError
from .checkpoints import Trained, from_bytes
from .classifiers import Architecture, head_of
from .network_head import is_head


@dataclass(frozen=True)
class WarmStart:
    """A trained classifier and the classes that it knows.

    Attributes:
        trained: the classifier
        classes: the names of its outputs, in their order
    """

    trained: Trained
    classes: tuple[str, ...]

    @classmethod
    def from_kept(cls, weights: bytes | None, classes: Sequence[str]) -> WarmStart:
        """What an iteration kept, read without executing code.

        Raises:
            InputError: if it kept no classifier
        """
        if weights is None:
            raise InputError(
                "warm_start: the run's last iteration kept no classifier, because its predictions "
                "came from elsewhere. Train once without warm_start."
            )
        if is_head(weights):
            raise InputError(
                "warm_start: the run's last iteration trained no network: it has a linear "
                "classifier on a pretrained network's features. Train once without warm_start."
            )
        return cls(from_bytes(weights), tuple(classes))

    def check(self, architecture: Architecture) -> None:
        """Raise InputError unless the classifier to train is built the same way."""
        before = self.trained.architecture
        for what in ("name", "channels", "size"):
            old, new = getattr(before, what), getattr(architecture, what)
            if old != new:
                option = {"name": "model", "size": "image_size"}.get(what, what)
                raise InputError(
                    f"warm_start: the last iteration's classifier has {option} {old!r}, this one "
                    f"would have {new!r}. Choose {old!r}, or train without warm_start."
                )

    def into(self, model: nn.Module, architecture: Architecture, classes: Sequence[str]) -> None:
        """Give a new model what was learnt; classes are matched by name, new ones start fresh.

        Args:
            model: built for ``architecture``
            architecture: of the model
            classes: the names of the model's outputs, in their order
        """
        self.check(architecture)
        old_head = head_of(self.trained.model, len(self.classes))
        new_head = head_of(model, len(classes))
        names = {id(m): name for name, m in model.named_modules()}
        prefix = f"{names[id(new_head)]}."
        state = self.trained.model.state_dict()
        body = {k: v for k, v in state.items() if not k.startswith(prefix)}
        model.load_state_dict(body, strict=False)
        place = {name: at for at, name in enumerate(self.classes)}
        pairs = [(at, place[name]) for at, name in enumerate(classes) if name in place]
        if not pairs:
            return
        new, old = (torch.tensor(side, dtype=torch.long) for side in zip(*pairs, strict=True))
        with torch.no_grad():
            for ours, theirs in zip(new_head.parameters(), old_head.parameters(), strict=True):
                ours[new] = theirs[old].to(ours.device)
