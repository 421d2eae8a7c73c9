"""The options of ranking by importance, their defaults and checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import InputError
from ..store.own_fields import check_own_writable
from ..store.runs import Run
from .sensitivity import VARIANTS

TOP = 50
"""So many samples are given where nobody says how many."""


@dataclass(frozen=True)
class ImportanceOptions:
    """What to rank, and by what.

    Attributes:
        embeddings: a vector field, brain run or pretrained network; None for the run's own features
        class_size: how many samples of each class, by its name; None for 50 of the class to begin
            with
        variant: ``label_aware`` or ``label_free``
        again: also give samples that an earlier call gave
        device: where the logistic regression is fitted
    """

    embeddings: str | None = None
    class_size: Mapping[str, int] | None = None
    variant: str = "label_aware"
    again: bool = False
    device: str = "auto"

    def check(self, run: Run) -> None:
        """Raise InputError where one of them cannot be."""
        from ..learning.device import choose_device  # imports torch, which takes seconds
        from ..vectors.embeddings import EmbeddingVectors

        if self.variant not in VARIANTS:
            raise InputError(f"variant must be one of {', '.join(VARIANTS)}, got {self.variant!r}")
        choose_device(self.device)
        check_own_writable(run, ["importance"])
        classes = run.iteration().classes
        if self.embeddings is not None:
            EmbeddingVectors(run.dataset, self.embeddings)
        elif run.iteration().column("features", 0, 1).shape[1] == 0:
            raise InputError(
                f"Iteration {run.iteration().number} of run '{run.key}' kept no features. Name "
                "embeddings, or run find_label_errors again."
            )
        if self.class_size is None:
            return
        if not isinstance(self.class_size, Mapping):
            raise InputError(
                "class_size must say how many samples of each class, such as {'cat': 50}, got "
                f"{self.class_size!r}"
            )
        for name, size in self.class_size.items():
            if name not in classes:
                raise InputError(
                    f"class_size: {name!r} is no class of run '{run.key}' (its classes: "
                    f"{', '.join(classes[:10])}{' …' if len(classes) > 10 else ''})"
                )
            if isinstance(size, bool) or not isinstance(size, int) or size < 0:
                raise InputError(
                    f"class_size: the number of samples of {name!r} must be a whole number from "
                    f"0, got {size!r}"
                )
