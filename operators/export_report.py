"""The operator ``export_report``: what became of a run, as one page of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.outside.folders import export_folder, named_export
from ..plugin.report.report import export_report, make_report
from ..plugin.store.runs import list_runs
from ..plugin.store.samples import Collection
from .base import run_key_input
from .caller import is_script, note_caller
from .checked import CheckedOperator
from .run_choice import chosen_kept_run, kept_run_of


class ExportReport(CheckedOperator):
    """Writes the report of a run to a file."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="export_report",
            label="Export a label error report",
            description="What was found and fixed, by whom, and what is left, as one HTML page",
            icon="summarize",
            dynamic=True,
        )

    def __call__(
        self,
        sample_collection: Collection,
        run_key: str = "deconfuse",
        path: str | Path | None = None,
        overwrite: bool = False,
    ) -> dict[str, Any]:
        """Make the report.

        Args:
            sample_collection: the dataset, or a view of it
            run_key: the run
            path: the file to write, if any; an earlier export is replaced
            overwrite: replace an ordinary file that is no earlier export

        Returns:
            ``report``, which shows itself in a notebook, and ``path``, None where none was given

        Raises:
            InputError: if there is no such run, or the file cannot be written
        """
        run = kept_run_of(sample_collection, run_key)
        if path is None:
            return {"report": make_report(run), "path": None}
        report, written = export_report(run, path, overwrite=overwrite)
        return {"report": report, "path": str(written)}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Write it."""
        run, path, overwrite = chosen_kept_run(ctx), ctx.params.get("path"), False
        if is_script(ctx):
            overwrite = ctx.params.get("overwrite") is True
        else:
            path = named_export(path, (".html",))
        return {"path": str(export_report(run, path, overwrite=overwrite)[1])}

    def resolve_delegation(self, ctx: Any) -> None:
        """Note who asks, while FiftyOne is asking."""
        note_caller(ctx)

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        run_key_input(ctx, inputs, list_runs(ctx.dataset) if ctx.dataset else [])
        inputs.str(
            "path",
            required=True,
            default="report.html",
            label="File",
            description=f"A name ending in .html; the file goes into {export_folder()} on the "
            "machine of the App's server, and replaces an earlier export of that name",
        )
        return types.Property(inputs, view=types.View(label="Export a label error report"))

    def resolve_output(self, ctx: Any) -> types.Property:
        """Where it is."""
        outputs = types.Object()
        outputs.str("path", label="Written to")
        return types.Property(outputs, view=types.View(label="Report"))
