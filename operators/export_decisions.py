"""Operator ``export_decisions``: a run's audit trail as CSV or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.decisions.exchange import export_decisions
from ..plugin.outside.folders import export_folder, named_export
from ..plugin.runs.opening import open_kept_run
from .base import LongOperator, Work
from .caller import is_script
from .downloads import download
from .forms import choose_one, form, opened_run
from .run_choice import chosen_kept_run, counted, kept_run_of
from .terminal import in_terminal

FORMATS = {
    "csv": ("CSV", "Safe to open in a spreadsheet"),
    "json": ("JSON", "For programs"),
}
MOST_MB = 20
"""The largest file that goes with the answer for the browser to download."""


class ExportDecisions(LongOperator):
    """Write every decision of a run to a file: one row a sample and decision, times in UTC."""

    TASK = "Exporting decisions"

    @property
    def config(self) -> foo.OperatorConfig:
        """Name and label."""
        return foo.OperatorConfig(
            name="export_decisions",
            label="Label errors: export decisions",
            description="The audit trail as CSV or JSON: who decided what, and when",
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
            allow_immediate_execution=True,
        )

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: which run, where to, and in which format."""
        inputs = types.Object()
        if opened_run(ctx, inputs, open_kept_run) is not None:
            choose_one(inputs, "format", FORMATS, "csv", label="Format")
            inputs.str(
                "path",
                label="File",
                default="decisions",
                description=f"Your browser downloads it, up to {MOST_MB} MB. It is kept in "
                f"{export_folder()} on the machine of the App's server as well, where it replaces "
                "an earlier export of that name",
            )
        return form(inputs, "Export decisions")

    def work(self, ctx: Any) -> Work:
        """Write the file."""
        run, path = chosen_kept_run(ctx), ctx.params.get("path")
        wanted = ctx.params.get("format") or (None if is_script(ctx) else "csv")
        overwrite = is_script(ctx) and ctx.params.get("overwrite") is True
        if not is_script(ctx):
            if isinstance(path, str) and "." not in path and path.strip():
                path = f"{path}.{wanted}"
            path = named_export(path, (".json",) if wanted == "json" else (".csv",))
        return lambda report: export_decisions(
            run, path, wanted, overwrite=overwrite, report=report
        )

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Say what was written."""
        file = Path(result["path"])
        if file.stat().st_size <= MOST_MB * 2**20:
            kind = "application/json" if result["format"] == "json" else "text/csv"
            yield download(ctx, file.name, kind, file.read_bytes())
        message = f"{counted(result['rows'], 'row')} written to {result['path']}"
        yield ctx.ops.notify(message, variant="success")

    def resolve_output(self, ctx: Any) -> Any:
        """Where the file is."""
        outputs = types.Object()
        outputs.str("path", label="File")
        outputs.int("decisions", label="Decisions")
        outputs.int("rows", label="Rows")
        return types.Property(outputs, view=types.View(label="Exported"))

    def __call__(
        self,
        sample_collection: Any,
        path: str | Path,
        run_key: str = "deconfuse",
        format: str | None = None,
        overwrite: bool = False,
    ) -> dict[str, Any]:
        """Write the audit trail from a script.

        Args:
            sample_collection: the dataset, or a view of it
            path: the file to write; an earlier export is replaced. Without an ending it gets that
                of the format
            run_key: the run
            format: ``csv`` or ``json``; by default what the path ends in, else CSV
            overwrite: replace an ordinary file that is no earlier export

        Returns:
            ``path``, ``format``, ``decisions`` and ``rows``

        Raises:
            InputError: if the run, the format or the path cannot be used
        """
        run = kept_run_of(sample_collection, run_key)
        return in_terminal(
            lambda report: export_decisions(run, path, format, overwrite=overwrite, report=report)
        )
