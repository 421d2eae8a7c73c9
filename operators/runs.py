"""The operators that look after runs: list, delete, cancel, point at another label field."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.runs.life import deletable_run, delete_whole_run, repoint_run
from ..plugin.runs.opening import find_run, find_runs
from ..plugin.runs.renamed import follow_renames
from ..plugin.store.current_jobs import cancel_job, running
from ..plugin.store.declared import declared_fields
from ..plugin.store.label_field import likely_label_field
from ..plugin.store.label_kinds import fields_of, kind_of_run
from ..plugin.store.listed_runs import deleted_keys
from ..plugin.store.runs import describe_run, list_runs, no_such_run
from ..plugin.store.sample_collection import root_dataset
from ..plugin.store.samples import Collection
from .checked import CheckedOperator
from .forms import choose, form, missing, opened_run, run_input
from .run_choice import default_run


class ListRuns(CheckedOperator):
    """Lists the runs of a dataset with their iterations and settings."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="list_runs",
            label="List label error runs",
            description="The runs of this dataset, their iterations and settings",
        )

    def __call__(self, sample_collection: Collection) -> dict[str, Any]:
        """List the runs of a dataset, or of the dataset that a view belongs to.

        Returns:
            ``{"runs": [{"run_key", "label_field", "problem", "iterations": [...]}], "deleted"}``;
            ``problem`` says what keeps a run from being worked on, None where nothing does, and
            ``deleted`` are the keys of runs that FiftyOne forgot and of which something is left
        """
        dataset = root_dataset(sample_collection)
        runs = [
            {**describe_run(run), "problem": problem}
            for run, problem in find_runs(dataset).values()
        ]
        return {"runs": runs, "deleted": deleted_keys(dataset)}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """List them."""
        return self(ctx.dataset)

    def resolve_output(self, ctx: Any) -> Any:
        """The list, as JSON."""
        outputs = types.Object()
        outputs.list("runs", types.Object(), label="Runs", view=types.JSONView())
        return types.Property(outputs, view=types.View(label="Label error runs"))


class DeleteRun(CheckedOperator):
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

    def __call__(self, sample_collection: Collection, run_key: str) -> dict[str, Any]:
        """Delete a run, or what FiftyOne's own ``delete_run`` has left of one.

        Raises:
            InputError: if the dataset has no such run, it is being worked on, a decision on the
                dataset does not end, or a field of the run is read-only; nothing is changed
        """
        dataset = root_dataset(sample_collection)
        follow_renames(dataset)
        delete_whole_run(deletable_run(dataset, run_key))
        return {"run_key": run_key, "deleted": True}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Delete it and let the App forget its fields."""
        result = self(ctx.dataset, ctx.params.get("run_key") or "")
        ctx.ops.reload_dataset()
        return result

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        runs = [*list_runs(ctx.dataset), *deleted_keys(ctx.dataset)] if ctx.dataset else []
        if run_input(ctx, inputs, runs) is None:
            return form(inputs, "Delete a label error run")
        inputs.view(
            "warning",
            types.Warning(
                label="Its decisions can then no longer be undone or exported",
                description="Labels stay as they are now. Export the decisions first if you need "
                "them.",
            ),
        )
        return form(inputs, "Delete a label error run")


class CancelRun(CheckedOperator):
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

    def __call__(self, sample_collection: Collection, run_key: str = "deconfuse") -> dict[str, Any]:
        """Ask for the stop; ``cancelled`` is False where nothing was running.

        Raises:
            InputError: if the dataset has runs, or work under way, and none of that key
        """
        dataset = root_dataset(sample_collection)
        cancelled = cancel_job(dataset, run_key)
        if not cancelled:
            follow_renames(dataset)
            there = sorted({*list_runs(dataset), *running(dataset)} - {""})
            if there and run_key not in there:
                raise no_such_run(dataset, run_key, there)
        return {"run_key": run_key, "cancelled": cancelled}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Ask for the stop, of what is under way where no run is named."""
        under_way = [*running(ctx.dataset), default_run(ctx.dataset)]
        return self(ctx.dataset, ctx.params.get("run_key") or under_way[0])

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        keys = running(ctx.dataset)
        if keys:
            choose(inputs, "run_key", keys, keys[0], label="Run")
        else:
            missing(inputs, "Nothing is being computed on this dataset.")
        return form(inputs, "Cancel finding label errors")


class RepointRun(CheckedOperator):
    """Lets a run go on with its labels in another field, after that was renamed."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="repoint_run",
            label="Point a label error run at another field",
            description="Go on where the label field was renamed; decisions and undo are kept",
            icon="drive_file_rename_outline",
            dynamic=True,
        )

    def __call__(
        self, sample_collection: Collection, run_key: str, label_field: str
    ) -> dict[str, Any]:
        """Point a run at the field that its labels are in now. No sample is changed.

        Args:
            sample_collection: the dataset, or a view of it
            run_key: the run
            label_field: a field of the dataset that holds the same kind of labels

        Returns:
            ``run_key``, ``label_field`` and ``before``, the field that the run cleaned so far

        Raises:
            InputError: if there is no such run or field, with nothing changed
        """
        run = find_run(root_dataset(sample_collection), run_key)
        now = repoint_run(run, label_field)
        return {"run_key": run_key, "label_field": now.label_field, "before": run.label_field}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Point it there."""
        result = self(
            ctx.dataset, ctx.params.get("run_key") or "", ctx.params.get("label_field") or ""
        )
        ctx.ops.reload_dataset()
        return result

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        run = opened_run(ctx, inputs, find_run)
        if run is not None:
            likely = likely_label_field(run, declared_fields(ctx.dataset))
            choose(
                inputs,
                "label_field",
                fields_of(ctx.dataset, kind_of_run(run)),
                likely,
                label="Label field",
                description=f"Where the labels are now that were in '{run.label_field}'",
            )
            if not (ctx.params.get("label_field") or likely):
                missing(inputs, "Choose the field that holds the labels now.")
        return form(inputs, "Point a run at another field")
