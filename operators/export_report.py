"""The operator ``export_report``: what became of a run, as one page of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.outside.folders import download_name, named_export
from ..plugin.report.report import export_report, make_report, report_name
from ..plugin.runs.opening import open_kept_run
from ..plugin.store.samples import Collection
from .caller import is_script, note_caller
from .checked import CheckedOperator
from .downloads import download
from .forms import form, opened_run
from .run_choice import chosen_kept_run, kept_run_of


class ExportReport(CheckedOperator):
    """Writes the report of a run to a file, or has the browser download it."""

    FORM: ClassVar[dict[str, Any]] = {"file_name": str}

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
            path: the file to write, if any, which ends in ``.html`` or gets that ending; an earlier
                export is replaced
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
        """Let the browser download it; or write it where a path is given."""
        run, path, overwrite = chosen_kept_run(ctx), ctx.params.get("path"), False
        if is_script(ctx):
            overwrite = ctx.params.get("overwrite") is True
        elif path:
            path = named_export(path, (".html",))
        else:
            name = download_name(ctx.params.get("file_name") or report_name(run), ".html")
            download(ctx, name, "text/html", make_report(run).html.encode())
            return {"path": None, "name": name}
        written = export_report(run, path, overwrite=overwrite)[1]
        return {"path": str(written), "name": written.name}

    def resolve_delegation(self, ctx: Any) -> None:
        """Note who asks, while FiftyOne is asking."""
        note_caller(ctx)

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        run = opened_run(ctx, inputs, open_kept_run)
        if run is not None:
            inputs.str(
                "file_name",
                default=report_name(run),
                label="File name",
                description="Your browser downloads the report: one page with pictures, to be "
                "sent or printed",
            )
        return form(inputs, "Export a label error report", "Download")

    def resolve_output(self, ctx: Any) -> types.Property:
        """What it is called."""
        outputs = types.Object()
        outputs.str("name", label="File")
        return types.Property(outputs, view=types.View(label="The report is written"))
