"""The operator ``find_duplicates``: near-duplicates, copies with other labels, and leaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.duplicates.job import find_duplicates
from ..plugin.duplicates.options import LOWEST_THRESHOLD, DuplicateOptions
from ..plugin.store.samples import Collection
from ..plugin.vectors.stored_vectors import vectors_of
from .base import LongOperator, Work, long_config
from .caller import network_to_load, workers_of
from .forms import (
    choose_device,
    choose_one,
    choose_workers,
    form,
    more_options,
    opened_run,
    suggest,
)
from .run_choice import counted, open_run, run_of
from .source_options import splits_input
from .terminal import in_terminal

SCOPES = {
    "same_prediction": (
        "Images with the same prediction",
        "The paper's Similarity Error Score: the classifier takes both for the same class",
    ),
    "all": (
        "All images",
        "Also finds copies that the classifier or their labels tell apart",
    ),
}


class FindDuplicates(LongOperator):
    """Finds images that are the same, and says where their labels or splits differ."""

    TASK = "Finding near-duplicates"
    IN_PROCESS = True
    FORM: ClassVar[dict[str, Any]] = {"show_advanced": bool}

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return long_config(
            name="find_duplicates",
            label="Find near-duplicates",
            description="Find images that are nearly the same, label conflicts and leaks",
            icon="content_copy",
        )

    def __call__(
        self,
        sample_collection: Collection,
        run_key: str = "deconfuse",
        threshold: float | None = None,
        scope: str = "same_prediction",
        embeddings: str | None = None,
        *,
        device: str = "auto",
        splits: str | Sequence[str] | Mapping[str, Any] | None = None,
        workers: str = "local",
        delegate: bool = False,
    ) -> dict[str, Any]:
        """Find near-duplicates from a script.

        Args:
            sample_collection: the dataset; all samples of the run's last iteration are compared
            run_key: the run
            threshold: the SES from which a pair counts, 0.5 to 1; by default it is measured
            scope: ``same_prediction``, or ``all`` for pairs that the classifier tells apart as well
            embeddings: a vector field or brain run that proposes further pairs; by default the
                features of the run do
            device: ``auto``, ``cpu``, ``cuda`` or ``mps``
            splits: how the splits are named: a field, as ``{"field": "subset"}``, or tags, as
                ``["lab", "street"]``; by default as it was said before, else by the names that are
                usual; ``"usual"`` goes back to these
            workers: who decodes and compares: ``local`` (this process), ``delegated`` (every
                ``fiftyone delegated launch`` that is idle), ``ray`` or ``ray://host:port``
            delegate: queue the operation instead

        Returns:
            ``pairs``, ``groups``, ``samples`` (in groups), ``leaks`` (None where no splits were
            recognised), ``splits``, ``splits_note``, ``conflicts``,
            ``exact_copies``, ``settled``, ``threshold``, ``lowest``, ``scope``, ``compared``,
            ``new``, ``worked_by`` (a sentence on workers), ``skipped`` (a count for each reason),
            ``skipped_samples``

        Raises:
            InputError: on bad input, with nothing changed
        """
        run = run_of(sample_collection, run_key)
        options = DuplicateOptions(threshold, scope, embeddings, device, splits, workers)
        options.check(run)
        if delegate:
            params = {"run_key": run_key, "threshold": threshold, "scope": scope}
            params |= {"embeddings": embeddings, "device": device, "splits": splits}
            params["workers"] = workers
            return self.queue(run.dataset, params)
        # Called directly: an operator's execution is ended after ten minutes.
        return in_terminal(lambda report: find_duplicates(run, options, report))

    def work(self, ctx: Any) -> Work:
        """Check the parameters and say what to do with them."""
        run, params = open_run(ctx), ctx.params
        options = DuplicateOptions(
            threshold=params.get("threshold"),
            scope=params.get("scope") or "same_prediction",
            embeddings=network_to_load(ctx, params.get("embeddings") or None, "embeddings"),
            device=params.get("device") or "auto",
            splits=params.get("splits") or None,
            workers=workers_of(ctx),
        )
        options.check(run)
        return lambda report: find_duplicates(run, options, report)

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Show the fields and say what was found."""
        yield ctx.ops.reload_dataset()
        yield ctx.ops.open_panel("label_errors", is_active=True)
        yield ctx.ops.notify(summary(result), variant="success")

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        if opened_run(ctx, inputs) is not None:
            _options(ctx, inputs)
        return form(inputs, "Find near-duplicates")

    def resolve_output(self, ctx: Any) -> types.Property:
        """What was found."""
        outputs = types.Object()
        for name, label in (
            ("groups", "Groups"),
            ("pairs", "Pairs"),
            ("leaks", "Groups across splits (leaks)"),
            ("conflicts", "Groups with different labels"),
            ("exact_copies", "Exact copies"),
            ("compared", "Images compared"),
        ):
            outputs.int(name, label=label)
        outputs.float("threshold", label="Threshold")
        return types.Property(outputs, view=types.View(label="Near-duplicates"))


def summary(result: dict[str, Any]) -> str:
    """One sentence on what was found.

    Args:
        result: what ``find_duplicates`` returned
    """
    note = result["splits_note"]
    leaks = "" if note else f"{counted(result['leaks'], 'leak')} across splits, "
    text = (
        f"{counted(result['groups'], 'group')} of near-duplicates from SES "
        f"{result['threshold']:.2f}: {leaks}{counted(result['conflicts'], 'label conflict')}"
    )
    skipped = sum(result["skipped"].values())
    left_out = f" {counted(skipped)} left out." if skipped else ""
    notes = [said for said in (note, result["worked_by"]) if said]
    return " ".join([f"{text}.{left_out}", *notes])


def _options(ctx: Any, inputs: types.Object) -> None:
    choose_one(inputs, "scope", SCOPES, "same_prediction", label="Compare")
    if not more_options(ctx, inputs):
        return
    inputs.float(
        "threshold",
        min=LOWEST_THRESHOLD,
        max=1.0,
        label="Threshold",
        description="The similarity (SSIM) from which two images count as near-duplicates. Empty: "
        "measured on the images. It can be changed afterwards without searching again",
    )
    names = vectors_of(ctx.dataset)
    if names:
        suggest(
            inputs,
            "embeddings",
            names,
            label="Embeddings",
            description="A vector field or brain run that proposes further pairs. Empty: the "
            "features of the run",
        )
    splits_input(inputs)
    choose_device(inputs)
    choose_workers(ctx, inputs)
