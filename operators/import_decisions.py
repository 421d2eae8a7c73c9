"""Operator ``import_decisions``: make the decisions of an exported file again on this dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.decisions.exchange import import_decisions as import_on_samples
from ..plugin.decisions.import_report import ImportReport
from ..plugin.errors import InputError
from ..plugin.objects.exchange import import_decisions as import_on_objects
from ..plugin.outside.folders import exports
from ..plugin.progress import silent
from ..plugin.runs.opening import open_any_run
from ..plugin.scoring.lookalikes import visible
from ..plugin.store.runs import Run
from .base import LongOperator, Work
from .caller import discreet, file_to_read
from .forms import choose_one, form, missing, more_options, opened_run, suggest, switch
from .resolve_objects import noun_of
from .run_choice import any_run, any_run_of, counted
from .terminal import in_terminal

MATCHES = {
    "auto": ("By id, else by file path", "Right for a clone of the dataset and for a reload"),
    "id": ("By sample id", "For a clone that keeps the ids"),
    "filepath": ("By file path", "For a dataset that was made anew from the same files"),
}

WHY = {
    "relabeled": "whose label is another one here",
    "deleted": "which is not here any more",
    "moved": "whose box is another one here",
}
LARGEST_PREVIEW = 256 * 1024
"""Bytes of a file that a form looks at by itself; it is made anew at every key."""


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
        run = opened_run(ctx, inputs, lambda dataset, key: open_any_run(dataset, key)[0])
        if run is not None:
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
                text = "A class that looks like one that is here, but for case or blanks"
                switch(inputs, "new_class", "Make classes of their own", text)
            switch(inputs, "preview", "Only look", "Say what would be done, and do nothing")
            if ctx.params.get("path") and ctx.executor is None:
                _show_preview(ctx, inputs, run)
        return form(inputs, "Import decisions")

    def work(self, ctx: Any) -> Work:
        """Import, with progress."""
        (run, on_objects), params = any_run(ctx), dict(ctx.params)
        if not params.get("path"):
            raise InputError("path is missing: name the file to import")
        preview = params.get("preview") is True
        return _import(ctx, run, params, on_objects=on_objects, preview=preview)

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Say what was done and let the grid and the sidebar follow."""
        left = left_alone(result)
        told = summary(result, noun_of(any_run(ctx)[0]))
        told = f"Nothing was changed: {told}" if result["preview"] else told
        yield ctx.ops.notify(told, variant="warning" if left else "success")
        if not result["preview"]:
            yield ctx.ops.reload_dataset()

    def __call__(
        self,
        sample_collection: Any,
        path: str | Path,
        run_key: str = "deconfuse",
        match: str = "auto",
        old_root: str | None = None,
        new_root: str | None = None,
        preview: bool = False,
        new_class: bool = False,
    ) -> dict[str, Any]:
        """Import decisions from a script.

        Args:
            sample_collection: the dataset, or a view of it
            path: a file that ``export_decisions`` wrote
            run_key: the run that receives the decisions
            match: find samples by ``id``, by ``filepath``, or (``auto``) by id, else file path
            old_root: the folder that file paths begin with in the file, if it is another one here
            new_root: the folder that takes its place
            preview: say what would be made, and make nothing
            new_class: make a class of a label although it looks like one that is here

        Returns:
            the counts of the import: ``rows``, ``decisions``, ``already_here``, ``applied``,
            ``unmatched``, ``unmatched_rows``, ``unmatched_why``, ``ambiguous``,
            ``ambiguous_rows``, ``conflict_count``, ``conflicts``, ``refused``,
            ``new_classes``, ``missing_classes`` and ``preview``

        Raises:
            InputError: if the file or an option cannot be used; nothing is changed
        """
        run, on_objects = any_run_of(sample_collection, run_key)
        options = {"match": match, "old_root": old_root, "new_root": new_root}
        options |= {"preview": preview, "new_class": new_class}
        made = in_terminal(lambda report: importer(on_objects)(run, path, **options, report=report))
        return made.to_dict()


def importer(on_objects: bool) -> Callable[..., ImportReport]:
    """What makes the decisions of a file on samples, or on objects."""
    return import_on_objects if on_objects else import_on_samples


def _import(
    ctx: Any, run: Run, params: Mapping[str, Any], *, on_objects: bool, preview: bool
) -> Work:
    """What imports the file that a request names, or looks at it.

    Raises:
        InputError: if the App may not read it
    """
    path = file_to_read(ctx, params["path"], "path")
    options = {
        "match": params.get("match") or "auto",
        "old_root": params.get("old_root") or None,
        "new_root": params.get("new_root") or None,
        "preview": preview,
        "new_class": params.get("new_class") is True,
    }
    doing = importer(on_objects)
    return discreet(ctx, lambda report: doing(run, path, **options, report=report).to_dict(), path)


def _show_preview(ctx: Any, inputs: types.Object, run: Run) -> None:
    """Say in the form what would be made of a file, unless it is too large to wait for."""
    params, noun = ctx.params, noun_of(run)
    if not params.get("show_advanced"):
        params = {"path": params["path"]}
    try:
        path = Path(file_to_read(ctx, params["path"], "path"))
        if path.is_file() and path.stat().st_size > LARGEST_PREVIEW:
            text = "This file is large. 'Only look' says what would be made of it."
            inputs.view("preview_of", types.Notice(label=text))
            return
        on_objects = noun != "sample"
        found = _import(ctx, run, params, on_objects=on_objects, preview=True)(silent)
    except InputError as error:
        inputs.view("preview_of", types.Error(label=str(error)))
        return
    kind = types.Notice if found["decisions"] and not left_alone(found) else types.Warning
    inputs.view("preview_of", kind(label=summary(found, noun), description=reasons(found)))


def left_alone(made: Mapping[str, Any]) -> int:
    """How many rows and decisions of a file came to nothing."""
    rows = sum(made[name] for name in ("unmatched", "ambiguous", "conflict_count"))
    return rows + len(made["refused"])


def reasons(made: Mapping[str, Any]) -> str:
    """Why parts of a file come to nothing, with an example of each; empty where none does.

    Args:
        made: what an import did, or would do
    """
    told = [f"{counted(n, 'row')}: {why}" for why, n in made["unmatched_why"].items()]
    for row in made["unmatched_rows"][:1]:
        told.append(f"for example {row['filepath'] or row['sample_id']}")
    told += [
        f"left alone is for example {c['sample_id']}, {WHY.get(c['reason'], c['reason'])}: "
        f"expected {c['expected']!r:.60}, found {c['found']!r:.60}"
        for c in made["conflicts"][:1]
    ]
    if made["missing_classes"]:
        names = ", ".join(visible(name) for name in made["missing_classes"][:5])
        told.append(f"no classes here, perhaps renamed, are {names}")
    told += [f"refused: {one['reason']}" for one in made["refused"][:1]]
    return "; ".join(told)


def summary(made: dict[str, Any], noun: str = "sample") -> str:
    """One sentence on what an import did, or would do.

    Args:
        made: its result
        noun: what the decisions are made on
    """
    done = "would be made" if made["preview"] else "made"
    new, gone = len(made["new_classes"]), len(made["missing_classes"])
    parts = {
        f"{made['already_here']:,} already here": made["already_here"],
        f"{counted(made['unmatched'], 'row')} without a sample or object": made["unmatched"],
        f"{counted(made['ambiguous'], 'row')} about one of several samples with one file": made[
            "ambiguous"
        ],
        f"{counted(made['conflict_count'], noun)} left alone": made["conflict_count"],
        f"{counted(len(made['refused']), 'decision')} refused": len(made["refused"]),
        f"{new:,} {_classes(new)} that no label here {'has' if made['preview'] else 'had'}": new,
        f"{gone:,} {_classes(gone)} of the file that no label here has": gone,
    }
    text = f"{counted(made['decisions'], 'decision')} {done} on {counted(made['applied'], noun)}"
    return "; ".join([text, *(told for told, number in parts.items() if number)])


def _classes(number: int) -> str:
    return "class" if number == 1 else "classes"
