"""The operator ``find_label_errors``: a new run, or the next iteration of one that exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, get_type_hints

import fiftyone as fo
import fiftyone.core.media as fom
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.classify.job import find_label_errors
from ..plugin.classify.settings import Settings
from ..plugin.errors import InputError
from ..plugin.learning.choices import CHECKPOINTS, DEVICES
from ..plugin.predictions.preview import preview_predictions
from ..plugin.store.fields import image_slices, slice_of
from ..plugin.store.own_fields import own_fields
from ..plugin.store.runs import list_runs
from ..plugin.store.samples import Collection
from .base import LongOperator, Work, long_config
from .caller import discreet, file_to_read, is_script
from .checked import Target
from .find_duplicates import splits_input
from .prediction_preview import show_preview
from .terminal import in_terminal

SOURCES = {
    "auto": (
        "Choose for me",
        "Predictions that are there, else a pretrained network for photographs, else a small "
        "network that is trained; says what and why",
    ),
    "train": (
        "Train a classifier now",
        "A small network is trained on the labels and classifies every sample; needs nothing else",
    ),
    "features": (
        "A pretrained network with a linear head",
        "For photographs: features of a pretrained network, computed once, and a cross-validated "
        "linear classifier on them; 3,000 images a minute on two cores",
    ),
    "predictions": (
        "Predictions in fields",
        "Scores what one or several models already said; the fastest, several make an ensemble",
    ),
    "embeddings": (
        "Embeddings with a linear head",
        "A cross-validated linear classifier on vectors of each sample; quick and strong",
    ),
}
ADVANCED = {
    "epochs": (
        int,
        "Epochs",
        "Passes over the training images. Empty: 6 for small grey images, 10 for others, more "
        "where there are few",
    ),
    "batch_size": (
        int,
        "Batch size",
        "Images a training step. Empty: 128, or 32 below 10,000 images",
    ),
    "folds": (
        int,
        "Folds",
        "1 trains on all samples and classifies them, as the paper does; k classifies each sample "
        "by a model that has not seen it. Empty: 1, or 5 for embeddings",
    ),
    "average_epochs": (int, "Average epochs", "Average the probabilities of this many last epochs"),
    "image_size": (int, "Image size", "Side in pixels that images are brought to. Empty: chosen"),
    "seed": (int, "Seed", "The same seed on the same CPU gives the same scores"),
}


class FindLabelErrors(LongOperator):
    """Classifies every sample and scores it for label errors."""

    TASK = "Finding label errors"
    IN_PROCESS = True

    FORM: ClassVar[dict[str, Any]] = {
        # Settings checks its numbers itself, and knows how large they may be.
        **{k: v for k, v in get_type_hints(Settings).items() if v not in (int, int | None)},
        "prediction_fields": str | Sequence[str],
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
            if settings.source != "predictions":
                raise InputError("preview: only source 'predictions' has something to look at")
            return preview_predictions(samples, settings.label_field, settings.prediction_fields)
        if delegate:
            return self.queue(samples, params)
        # Called directly: an operator's execution is ended after ten minutes.
        return in_terminal(lambda report: find_label_errors(samples, settings, report))

    def run_key(self, ctx: Any) -> str:
        """The run that the iteration is for, which need not be there yet."""
        return ctx.params.get("run_key") or Settings.run_key

    def work(self, ctx: Any) -> Work:
        """Check the parameters and say what to do with them."""
        given = {k: v for k, v in ctx.params.items() if k in Settings.__dataclass_fields__}
        weights = given["weights"] = _weights(ctx, given.get("weights"))
        settings = Settings.from_mapping(given)
        samples = _target(ctx)
        return discreet(ctx, lambda report: find_label_errors(samples, settings, report), weights)

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Show the scores and say what was found."""
        yield ctx.ops.reload_dataset()
        yield ctx.ops.open_panel("label_errors", is_active=True)
        skipped = sum(result["skipped"].values())
        left_out = f" {skipped:,} samples were left out." if skipped else ""
        apart = f" {result['set_apart']:,} could not be judged." if result["set_apart"] else ""
        warned = "".join(f" {text}" for text in result["warnings"])
        chosen = f" {result['chosen']}" if result["chosen"] else ""
        yield ctx.ops.notify(
            f"{result['misclassified']:,} of {result['open']:,} open samples are suspect "
            f"(agreement {result['accuracy']:.2%}).{apart}{left_out}{_of_duplicates(result)}"
            f"{chosen}{warned}",
            variant="warning" if warned else "success",
        )
        if "begun_anew" in result:
            yield ctx.ops.notify(result["begun_anew"], variant="warning")

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        if ctx.dataset is None:
            inputs.view("none", types.Error(label="Open a dataset first"))
            return types.Property(inputs, view=types.View(label="Find label errors"))
        schema = ctx.dataset.get_field_schema()
        ours = own_fields(ctx.dataset)
        classifications = [
            name
            for name, field in schema.items()
            if getattr(field, "document_type", None) is fo.Classification and name not in ours
        ]
        if not classifications:
            inputs.view(
                "none",
                types.Error(
                    label="This dataset has no Classification field",
                    description="Label errors are found in fields of type Classification.",
                ),
            )
        _choose_slice(ctx, inputs)
        _choose_labels(ctx, inputs, classifications)
        _choose_source(ctx, inputs, classifications)
        _advanced(ctx, inputs)
        return types.Property(inputs, view=types.View(label="Find label errors"))


def _weights(ctx: Any, weights: Any) -> Any:
    """Weights as a request names them: a file that it may read, or the name of official ones."""
    if not isinstance(weights, str) or is_script(ctx):
        return weights
    is_name = weights.replace(".", "").isidentifier() and not weights.endswith(CHECKPOINTS)
    if is_name and not Path(weights).exists():
        return weights
    return file_to_read(ctx, weights, "weights")


def _target(ctx: Any) -> Collection:
    return slice_of(_asked(ctx), ctx.params.get("group_slice") or None)


def _asked(ctx: Any) -> Collection:
    return (
        ctx.view
        if ctx.params.get("target") == "view"
        else ctx.dataset
        if _is_form(ctx)
        else ctx.view
    )


def _of_duplicates(result: dict[str, Any]) -> str:
    """What to say of near-duplicates, if anything."""
    found = result.get("duplicates")
    if not found:
        return ""
    if "failed" in found:
        return f" Near-duplicates were not found: {found['failed']}"
    groups = f" {found['groups']:,} groups of near-duplicates"
    if found["splits_note"]:
        return f"{groups}. {found['splits_note']}"
    return f"{groups}, {found['leaks']:,} across splits."


def _is_form(ctx: Any) -> bool:
    return "target" in ctx.params


def _choose_slice(ctx: Any, inputs: Any) -> None:
    """Ask for the slice where the samples are grouped."""
    samples = _asked(ctx)
    if samples.media_type != fom.GROUP:
        return
    names = image_slices(samples)
    if not names:
        inputs.view("no_slice", types.Error(label="None of this dataset's slices holds images"))
        return
    inputs.enum(
        "group_slice",
        names,
        required=True,
        default=names[0],
        label="Slice",
        description="This dataset is grouped: the slice of images whose labels are looked at",
        view=types.DropdownView(),
    )


def _choose_labels(ctx: Any, inputs: Any, classifications: list[str]) -> None:
    if ctx.has_custom_view:
        choice = types.RadioGroup()
        choice.add_choice("dataset", label="The whole dataset")
        choice.add_choice("view", label="The current view", description="Only what it selects")
        inputs.enum("target", choice.values(), default="dataset", label="Samples", view=choice)
    inputs.enum(
        "label_field",
        classifications,
        required=True,
        default=classifications[0] if len(classifications) == 1 else None,
        label="Label field",
        description="The labels that may be wrong",
        view=types.AutocompleteView(),
    )
    keys = list_runs(ctx.dataset)
    known = f" This dataset has: {', '.join(keys)}." if keys else ""
    inputs.str(
        "run_key",
        default="deconfuse",
        label="Run key",
        description="Names this cleaning project and prefixes its fields. The key of an existing "
        f"run makes its next iteration; its decisions stay.{known}",
    )


def _choose_source(ctx: Any, inputs: Any, classifications: list[str]) -> None:
    choice = types.RadioGroup()
    for value, (label, description) in SOURCES.items():
        choice.add_choice(value, label=label, description=description)
    inputs.enum(
        "source",
        choice.values(),
        default="auto",
        label="Predictions come from",
        view=choice,
    )
    source = ctx.params.get("source", "auto")
    if source == "predictions":
        inputs.list(
            "prediction_fields",
            types.String(),
            required=True,
            label="Prediction fields",
            description="With logits, or with a label and a confidence; then what is left of the "
            "probability is taken to be spread evenly over the other classes",
            view=types.AutocompleteView(
                choices=[
                    types.Choice(name, label=name)
                    for name in classifications
                    if name != ctx.params.get("label_field")
                ]
            ),
        )
        label_field, fields = ctx.params.get("label_field"), ctx.params.get("prediction_fields")
        if label_field and fields:
            show_preview(inputs, _target(ctx), label_field, list(fields))
    elif source == "embeddings":
        inputs.str(
            "embeddings",
            required=True,
            label="Embeddings",
            description="A vector field, the key of a brain run that holds embeddings, or the name "
            "of a model in FiftyOne's zoo",
        )
    elif source == "features":
        _choose_network(inputs)
    elif source == "train":
        _choose_model(inputs)


def _choose_network(inputs: Any) -> None:
    inputs.str(
        "network",
        label="Network",
        description="Empty: efficientnet_lite0, which is installed with the plugin; or a "
        "classification model of torchvision, such as resnet50, whose weights are downloaded once",
    )
    inputs.str(
        "weights",
        label="Weights",
        description="Empty for the network's official ones; the name of others, or the path of a "
        "checkpoint",
    )


def _choose_model(inputs: Any) -> None:
    inputs.str(
        "model",
        default="simple_cnn",
        label="Model",
        description="simple_cnn suits images up to 64 pixels; otherwise any classification model "
        "of torchvision, such as resnet18",
    )
    inputs.str(
        "weights",
        label="Weights",
        description="Empty for none; a torchvision weights name such as DEFAULT, or the path of "
        "a checkpoint",
    )
    inputs.bool(
        "warm_start",
        default=False,
        label="Go on from the last iteration",
        description="Start from the weights of the run's last iteration; half as many epochs do",
        view=types.SwitchView(),
    )


def _advanced(ctx: Any, inputs: Any) -> None:
    inputs.bool("show_advanced", default=False, label="More options", view=types.SwitchView())
    if not ctx.params.get("show_advanced"):
        return
    for name, (_, label, description) in ADVANCED.items():
        default = 51 if name == "seed" else None
        inputs.int(name, label=label, description=description, default=default)
    inputs.enum("device", DEVICES, default="auto", label="Device", view=types.DropdownView())
    inputs.bool(
        "duplicates",
        default=True,
        label="Find near-duplicates",
        description="Look for images that are nearly the same when the scores are done",
        view=types.SwitchView(),
    )
    splits_input(inputs)
    inputs.bool(
        "cleanlab",
        default=False,
        label="cleanlab beside it",
        description="Add cleanlab's label quality and filter; the package cleanlab must be "
        "installed",
        view=types.SwitchView(),
    )
