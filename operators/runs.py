"""The operators ``list_runs``, ``delete_run`` and ``cancel_run``: looking after runs."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.keeping.annotations import forget_annotations
from ..plugin.keeping.fields import delete_fields
from ..plugin.keeping.jobs import Job, cancel_job
from ..plugin.keeping.runs import delete_run, describe_run, list_runs, load_run
from ..plugin.keeping.samples import Dataset
from .base import run_key_input


class ListRuns(foo.Operator):
    """Lists the runs of a dataset with their iterations and settings."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="list_runs",
            label="List label error runs",
            description="The runs of this dataset, their iterations and settings",
        )

    def __call__(self, dataset: Dataset) -> dict[str, Any]:
        """List the runs of a dataset.

        Returns:
            ``{"runs": [{"run_key", "label_field", "iterations": [...]}]}``
        """
        return {"runs": [describe_run(load_run(dataset, key)) for key in list_runs(dataset)]}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """List them."""
        return self(ctx.dataset)

    def resolve_output(self, ctx: Any) -> Any:
        """The list, as JSON."""
        outputs = types.Object()
        outputs.list("runs", types.Object(), label="Runs", view=types.JSONView())
        return types.Property(outputs, view=types.View(label="Label error runs"))


class DeleteRun(foo.Operator):
    """Removes a run: its fields, arrays and journal; labels stay as they are."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="delete_run",
            label="Delete a label error run",
            description="Remove a run's fields, iterations and journal; labels stay as they are",
            icon="delete",
            dynamic=True,
        )

    def __call__(self, dataset: Dataset, run_key: str) -> dict[str, Any]:
        """Delete a run.

        Raises:
            InputError: if the dataset has no such run, or it is being worked on
        """
        run = load_run(dataset, run_key)
        with Job(dataset, run_key, "Deleting the run"):
            forget_annotations(run)
            delete_fields(run)
            delete_run(run)
        return {"run_key": run_key, "deleted": True}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Delete it and let the App forget its fields."""
        result = self(ctx.dataset, ctx.params["run_key"])
        ctx.ops.reload_dataset()
        return result

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        run_key_input(ctx, inputs, list_runs(ctx.dataset) if ctx.dataset else [])
        inputs.view(
            "warning",
            types.Warning(
                label="Its decisions can then no longer be undone or exported",
                description="Labels stay as they are now. Export the decisions first if you need "
                "them.",
            ),
        )
        return types.Property(inputs, view=types.View(label="Delete a label error run"))


class CancelRun(foo.Operator):
    """Stops the computation that is working on a run, wherever it runs."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="cancel_run",
            label="Cancel finding label errors",
            description="Stop the computation of a run; nothing of it is kept",
            icon="cancel",
            dynamic=True,
        )

    def __call__(self, dataset: Dataset, run_key: str = "deconfuse") -> dict[str, Any]:
        """Ask for the stop; ``cancelled`` is False where nothing was running."""
        return {"run_key": run_key, "cancelled": cancel_job(dataset, run_key)}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Ask for the stop."""
        return self(ctx.dataset, ctx.params.get("run_key", "deconfuse"))

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.str("run_key", default="deconfuse", required=True, label="Run key")
        return types.Property(inputs, view=types.View(label="Cancel finding label errors"))
