"""The operator ``export_report``: what became of a run, as one page of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.errors import InputError
from ..plugin.keeping.runs import list_runs, load_run
from ..plugin.keeping.samples import Dataset
from ..plugin.report import make_report
from .base import run_key_input


class ExportReport(foo.Operator):
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
        self, dataset: Dataset, run_key: str = "deconfuse", path: str | None = None
    ) -> dict[str, Any]:
        """Make the report.

        Returns:
            ``report``, which shows itself in a notebook, and ``path``, None where none was given
        """
        report = make_report(load_run(dataset, run_key))
        return {"report": report, "path": None if path is None else _written(report.html, path)}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Write it."""
        path = ctx.params.get("path")
        if not path:
            raise InputError("path: name the file to write, such as report.html")
        done = self(ctx.dataset, ctx.params.get("run_key", "deconfuse"), path)
        return {"path": done["path"]}

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        run_key_input(ctx, inputs, list_runs(ctx.dataset) if ctx.dataset else [])
        inputs.str("path", required=True, label="File", description="Such as report.html")
        return types.Property(inputs, view=types.View(label="Export a label error report"))

    def resolve_output(self, ctx: Any) -> types.Property:
        """Where it is."""
        outputs = types.Object()
        outputs.str("path", label="Written to")
        return types.Property(outputs, view=types.View(label="Report"))


def _written(html: str, path: str) -> str:
    target = Path(path).expanduser()
    if not target.parent.is_dir():
        raise InputError(f"path: there is no folder '{target.parent}'")
    if target.is_dir():
        raise InputError(f"path: '{target}' is a folder; name a file in it")
    target.write_text(html, encoding="utf-8")
    return str(target)
