"""The operator ``map_dataset``: the whole dataset as a map, and neighbours with another label."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.layout.job import map_dataset
from ..plugin.store.samples import Collection
from .base import LongOperator, Work, long_config
from .forms import form, opened_run
from .run_choice import open_run, run_of
from .terminal import in_terminal


class MapDataset(LongOperator):
    """Lays out every sample of a run, and scores it by its neighbours' labels."""

    TASK = "Mapping the dataset"
    IN_PROCESS = True

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return long_config(
            name="map_dataset",
            label="Map the dataset",
            description="Lay out all samples of a run by likeness, and find neighbours that carry "
            "another label",
            icon="scatter_plot",
        )

    def __call__(
        self, sample_collection: Collection, run_key: str = "deconfuse", *, delegate: bool = False
    ) -> dict[str, Any]:
        """Run from Python.

        Returns:
            the result's counts; with ``delegate=True`` the queued operation
        """
        run = run_of(sample_collection, run_key)
        if delegate:
            return self.queue(run.dataset, {"run_key": run_key})
        return in_terminal(lambda report: map_dataset(run, report))

    def work(self, ctx: Any) -> Work:
        """The run to map."""
        run = open_run(ctx)
        return lambda report: map_dataset(run, report)

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        if opened_run(ctx, inputs) is not None:
            inputs.view(
                "what",
                types.Notice(
                    label="Lays out all samples by likeness, and finds those whose neighbours "
                    "carry other labels. Seconds for thousands of samples, minutes for a million",
                ),
            )
        return form(inputs, "Map the dataset")
