"""Operator ``import_decisions``: make the decisions of an exported file again on this dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.decisions.exchange import import_decisions as import_on_samples
from ..plugin.decisions.import_report import ImportReport
from ..plugin.errors import InputError
from ..plugin.objects.exchange import import_decisions as import_on_objects
from ..plugin.outside.folders import exports
from ..plugin.runs.opening import open_any_run
from .base import LongOperator, Work
from .caller import discreet, file_to_read
from .forms import choose_one, form, missing, more_options, opened_run, suggest
from .resolve_objects import noun_of
from .run_choice import any_run, any_run_of, counted
from .terminal import in_terminal

MATCHES = {
    "auto": ("By id, else by file path", "Right for a clone of the dataset and for a reload"),
    "id": ("By sample id", "For a clone that keeps the ids"),
    "filepath": ("By file path", "For a dataset that was made anew from the same files"),
}


class ImportDecisions(LongOperator):
    """Apply an exported audit trail to another copy of the dataset."""

    TASK = "Importing decisions"
    FORM: ClassVar[dict[str, Any]] = {"show_advanced": bool}

    @property
    def config(self) -> foo.OperatorConfig:
        """Name and label."""
        return foo.OperatorConfig(
            name="import_decisions",
            label="Label errors: import decisions",
            description="Make the decisions of an exported file again on this dataset",
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
            allow_immediate_execution=True,
        )

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: which file, and how its samples are found here."""
        inputs = types.Object()
        if opened_run(ctx, inputs, lambda dataset, key: open_any_run(dataset, key)[0]) is not None:
            suggest(
                inputs,
                "path",
                exports((".csv", ".json")),
                label="File",
                description="A file of export_decisions, on the machine of the App's server; "
                "what lies in the folder of exports by its name alone",
            )
            if not ctx.params.get("path"):
                missing(inputs, "Choose the file to import, or type its path.")
            if more_options(ctx, inputs):
                choose_one(inputs, "match", MATCHES, "auto", label="Find samples")
                for name, whose in (("old_root", "in the file"), ("new_root", "here")):
                    inputs.str(
                        name,
                        label=f"Folder of the media {whose}",
                        description="Only if the media lie in another folder here; give both",
                    )
        return form(inputs, "Import decisions")

    def work(self, ctx: Any) -> Work:
        """Import, with progress."""
        (run, on_objects), params = any_run(ctx), dict(ctx.params)
        if not params.get("path"):
            raise InputError("path is missing: name the file to import")
        path = file_to_read(ctx, params["path"], "path")
        options = {
            "match": params.get("match") or "auto",
            "old_root": params.get("old_root") or None,
            "new_root": params.get("new_root") or None,
        }
        return discreet(
            ctx,
            lambda report: asdict(importer(on_objects)(run, path, **options, report=report)),
            path,
        )

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Say what was done and let the grid and the sidebar follow."""
        left = sum(result[name] for name in ("unmatched", "ambiguous", "conflict_count"))
        left += len(result["refused"])
        told = summary(result, noun_of(any_run(ctx)[0]))
        yield ctx.ops.notify(told, variant="warning" if left else "success")
        yield ctx.ops.reload_dataset()

    def __call__(
        self,
        sample_collection: Any,
        path: str | Path,
        run_key: str = "deconfuse",
        match: str = "auto",
        old_root: str | None = None,
        new_root: str | None = None,
    ) -> dict[str, Any]:
        """Import decisions from a script.

        Args:
            sample_collection: the dataset, or a view of it
            path: a file that ``export_decisions`` wrote
            run_key: the run that receives the decisions
            match: find samples by ``id``, by ``filepath``, or (``auto``) by id, else file path
            old_root: the folder that file paths begin with in the file, if it is another one here
            new_root: the folder that takes its place

        Returns:
            the counts of the import: ``rows``, ``decisions``, ``already_here``, ``applied``,
            ``unmatched``, ``unmatched_rows``, ``ambiguous``, ``ambiguous_rows``,
            ``conflict_count``, ``conflicts`` and ``refused``

        Raises:
            InputError: if the file or an option cannot be used; nothing is changed
        """
        run, on_objects = any_run_of(sample_collection, run_key)
        made = in_terminal(
            lambda report: importer(on_objects)(
                run, path, match=match, old_root=old_root, new_root=new_root, report=report
            )
        )
        return asdict(made)


def importer(on_objects: bool) -> Callable[..., ImportReport]:
    """What makes the decisions of a file on samples, or on objects."""
    return import_on_objects if on_objects else import_on_samples


def summary(made: dict[str, Any], noun: str = "sample") -> str:
    """One sentence on what an import did.

    Args:
        made: its result
        noun: what the decisions are made on
    """
    text = f"{counted(made['decisions'], 'decision')} made on {counted(made['applied'], noun)}"
    parts = {
        "already here": made["already_here"],
        "rows without their sample or object": made["unmatched"],
        "rows about one of several samples with one file": made["ambiguous"],
        "samples or objects left alone": made["conflict_count"],
        "decisions refused": len(made["refused"]),
    }
    found = [f"{number:,} {what}" for what, number in parts.items() if number]
    return "; ".join([text, *found])
