"""The operator ``find_label_errors``: a new run, or the next iteration of one that exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, get_type_hints

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.classify.job import find_label_errors
from ..plugin.classify.settings import Settings
from ..plugin.errors import InputError
from ..plugin.learning.choices import CHECKPOINTS
from ..plugin.objects.auto import detections_fields
from ..plugin.objects.job import find_object_errors, is_on_objects
from ..plugin.percent import percent
from ..plugin.predictions.preview import preview_predictions
from ..plugin.progress import Report, silent
from ..plugin.store.label_field import label_fields, tag_fields
from ..plugin.store.sample_collection import slice_of
from ..plugin.store.samples import Collection
from ..plugin.tags.job import find_tag_errors, is_on_tags
from .base import LongOperator, Work, long_config
from .caller import (
    check_workers_asked,
    discreet,
    file_to_read,
    is_script,
    network_to_load,
)
from .checked import Target
from .find_label_errors_form import ask_all, choose_samples, filled, target_of
from .forms import form, missing
from .run_choice import counted
from .terminal import in_terminal


class FindLabelErrors(LongOperator):
    """Classifies every sample and scores it for label errors."""

    TASK = "Finding label errors"
    IN_PROCESS = True

    FORM: ClassVar[dict[str, Any]] = {
        # Settings checks its numbers itself, and knows how large they may be.
        **{k: v for k, v in get_type_hints(Settings).items() if v not in (int, int | None)},
        "prediction_fields": str | Sequence[str],
        "vote_fields": str | Sequence[str],
        "classes": str | Sequence[str],
        "target": Target,
        "show_advanced": bool,
    }

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return long_config(
            name="find_label_errors",
            label="Find label errors",
            description="Score every sample for a wrong label with a classifier's help",
            icon="troubleshoot",
        )

    def __call__(
        self,
        sample_collection: Collection,
        label_field: str,
        run_key: str = "deconfuse",
        *,
        group_slice: str | None = None,
        preview: bool = False,
        delegate: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """Run from Python; see the user guide for the options.

        Returns:
            the result's counts; with ``delegate=True`` the queued operation; with ``preview=True``
            what is understood of the predictions, with nothing scored
        """
        params = {"label_field": label_field, "run_key": run_key, **options}
        settings = Settings.from_mapping(params)
        samples = slice_of(sample_collection, group_slice)
        if preview:
            if _on_sets(samples, settings.label_field):
                raise InputError(
                    "preview: there is none yet where labels are boxes or tags "
                    f"('{settings.label_field}'). Leave it out: 'assumed' of the result says how "
                    "predictions were read."
                )
            if settings.source != "predictions":
                raise InputError("preview: only source 'predictions' has something to look at")
            return preview_predictions(samples, settings.label_field, settings.prediction_fields)
        if delegate:
            return self.queue(samples, params)
        # Called directly: an operator's execution is ended after ten minutes.
        return in_terminal(lambda report: _find(samples, settings, report))

    def run_key(self, ctx: Any) -> str:
        """The run that the iteration is for, which need not be there yet."""
        return filled(ctx).get("run_key") or Settings.run_key

    def work(self, ctx: Any) -> Work:
        """Check the parameters and say what to do with them."""
        given = {k: v for k, v in filled(ctx).items() if k in Settings.__dataclass_fields__}
        weights = given["weights"] = _weights(ctx, given.get("weights"))
        settings = Settings.from_mapping(given)
        check_workers_asked(ctx, settings.workers)
        for option in ("network", "embeddings"):
            network_to_load(ctx, given.get(option), option)
        samples = target_of(ctx)
        return discreet(ctx, lambda report: _find(samples, settings, report), weights)

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Show the scores and say what was found."""
        yield ctx.ops.reload_dataset()
        if "objects" in result or "tags" in result:
            yield ctx.ops.notify(_of_sets(result), variant="success")
            return
        yield ctx.ops.open_panel("label_errors", is_active=True)
        skipped = sum(result["skipped"].values())
        were = "was" if skipped == 1 else "were"
        left_out = f" {counted(skipped)} {were} left out." if skipped else ""
        apart = f" {result['set_apart']:,} could not be judged." if result["set_apart"] else ""
        warned = "".join(f" {text}" for text in result["warnings"])
        yield ctx.ops.notify(
            f"{result['misclassified']:,} of {result['open']:,} open samples were found suspect "
            f"(agreement {percent(result['accuracy'], 2)}).{apart}{left_out}"
            f"{_of_duplicates(result)}{warned}",
            variant="warning" if warned else "success",
        )
        if "begun_anew" in result:
            yield ctx.ops.notify(result["begun_anew"], variant="warning")

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: which labels, where predictions come from, and what that needs."""
        inputs = types.Object()
        fields, objects = label_fields(ctx.dataset), detections_fields(ctx.dataset)
        tags = tag_fields(ctx.dataset)
        if fields or objects or tags:
            choose_samples(ctx, inputs)
            ask_all(ctx, inputs, fields, objects, tags)
        else:
            text = "This dataset has no Classification, Classifications or Detections field. Label "
            missing(inputs, f"{text}errors are found in such fields.", types.Error)
        return form(inputs, "Find label errors")


def _find(samples: Collection, settings: Settings, report: Report = silent) -> dict[str, Any]:
    if is_on_objects(samples, settings.label_field):
        return find_object_errors(samples, settings, report)
    if is_on_tags(samples, settings.label_field):
        return find_tag_errors(samples, settings, report)
    return find_label_errors(samples, settings, report)


def _on_sets(samples: Collection, field: str) -> bool:
    return is_on_objects(samples, field) or is_on_tags(samples, field)


def _of_sets(result: dict[str, Any]) -> str:
    """What was found among objects or tags, and what works on them."""
    named, parts = ("objects", "boxes") if "objects" in result else ("tags", "tags")
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in result["suspects"].items())
    skipped = sum(result["skipped"].values())
    left_out = f" {skipped:,} images were left out." if skipped else ""
    unusable = sum(result["left_out"].values())
    left_out += f" {unusable:,} {parts} were left out." if unusable else ""
    chosen = "".join(f" {text}" for text in (result.get("chosen"), *result["warnings"]) if text)
    return (
        f"{sum(result['suspects'].values()):,} suspects among {result[named]:,} {named} of "
        f"{result['samples']:,} images: {kinds}.{left_out}{chosen} {result['so_far']}"
    )


def _weights(ctx: Any, weights: Any) -> Any:
    """Weights as a request names them: a file that it may read, or the name of official ones."""
    if not isinstance(weights, str) or is_script(ctx):
        return weights
    is_name = weights.replace(".", "").isidentifier() and not weights.endswith(CHECKPOINTS)
    if is_name and not Path(weights).exists():
        return weights
    return file_to_read(ctx, weights, "weights")


def _of_duplicates(result: dict[str, Any]) -> str:
    """What to say of near-duplicates, if anything."""
    found = result.get("duplicates")
    if not found:
        return ""
    if "failed" in found:
        return f" Near-duplicates were not found: {found['failed']}"
    number = found["groups"]
    groups = f" {number:,} {'group' if number == 1 else 'groups'} of near-duplicates"
    # Why splits were not found is said where duplicates are looked at.
    return f"{groups}." if found["splits_note"] else f"{groups}, {found['leaks']:,} across splits."
