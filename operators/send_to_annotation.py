"""The operator ``send_to_annotation``: chosen samples to CVAT, Label Studio or Labelbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.annotation.backends import BACKENDS
from ..plugin.annotation.send import open_in_cell, send_to_annotation
from ..plugin.errors import InputError
from ..plugin.store.runs import Run
from ..plugin.store.sample_collection import is_view
from ..plugin.store.samples import Collection
from .base import LongOperator, Work, long_config
from .caller import quiet
from .forms import choose, form, missing, opened_run
from .run_choice import counted, open_run, run_of
from .terminal import in_terminal

OPTIONS = {
    "labelstudio": (
        ("url", "URL", "The server's address, such as http://localhost:8080"),
        ("api_key", "API key", "Your access token. Empty: FIFTYONE_LABELSTUDIO_API_KEY"),
        ("project_name", "Project", "Name of the project to make. Empty: after the dataset"),
    ),
    "cvat": (
        ("url", "URL", "The server's address. Empty: FIFTYONE_CVAT_URL"),
        ("username", "User name", "Empty: FIFTYONE_CVAT_USERNAME"),
        ("password", "Password", "Empty: FIFTYONE_CVAT_PASSWORD"),
        ("project_name", "Project", "Name of the project to upload to. Empty: none"),
    ),
    "labelbox": (
        ("api_key", "API key", "Empty: FIFTYONE_LABELBOX_API_KEY"),
        ("project_name", "Project", "Name of the project to make. Empty: after the dataset"),
    ),
}


class SendToAnnotation(LongOperator):
    """Hands samples to a relabelling team; fetch_annotation makes decisions of the answers."""

    TASK = "Sending to annotation"

    FORM: ClassVar[dict[str, Any]] = dict.fromkeys(
        (name for options in OPTIONS.values() for name, _, _ in options), str
    )

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return long_config(
            name="send_to_annotation",
            label="Label errors: send to annotation",
            description="Hand samples to annotators in Label Studio, CVAT or Labelbox",
            icon="send",
        )

    def __call__(
        self,
        sample_collection: Collection,
        sample_ids: Sequence[str] | None = None,
        run_key: str = "deconfuse",
        backend: str = "labelstudio",
        suggestion: str = "hidden",
        label: str | None = None,
        prediction: str | None = None,
        limit: int | None = None,
        *,
        delegate: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """Hand samples over from a script.

        Args:
            sample_collection: the dataset; or a view, whose samples are sent if no others are named
            sample_ids: the samples, in the order that they are presented in
            run_key: the run
            backend: ``labelstudio``, ``cvat`` or ``labelbox``
            suggestion: ``hidden``, or ``hint``: the prediction is there to begin with
            label: with ``prediction``, in place of ``sample_ids``: the open samples of this cell
            prediction: see ``label``
            limit: at most so many of the cell, the most suspect first
            delegate: queue it as a delegated operation
            options: what FiftyOne's backend takes, such as ``url``, ``api_key``, ``project_name``

        Returns:
            ``annotation`` (the key to fetch with), ``samples``, ``classes`` and what was asked;
            with ``delegate=True`` the queued operation

        Raises:
            InputError: on bad input, or where the backend cannot be reached; nothing is kept
        """
        run = run_of(sample_collection, run_key)
        if sample_ids is None and label is None and is_view(sample_collection):
            sample_ids = list(dict.fromkeys(sample_collection.values("id")))
        ids = _chosen(run, sample_ids, label, prediction, limit)
        if delegate:
            params = {"run_key": run_key, "sample_ids": ids, "backend": backend}
            params |= {"suggestion": suggestion, **options}
            return self.queue(run.dataset, params)
        return in_terminal(
            lambda report: send_to_annotation(run, ids, backend, suggestion, options, report)
        )

    def work(self, ctx: Any) -> Work:
        """The samples to send, and where to."""
        run = open_run(ctx)
        params = ctx.params
        backend = params.get("backend") or "labelstudio"
        if backend not in BACKENDS:
            raise InputError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
        ids = params.get("sample_ids") or list(ctx.selected or [])
        if not ids and not params.get("label") and ctx.has_custom_view:
            ids = list(dict.fromkeys(ctx.view.values("id")))
        named = ("label", "prediction", "limit")
        cell = [None if ids else params.get(name) for name in named]
        options = {name: params.get(name) for name, _, _ in OPTIONS[backend]}

        def send(report: Any) -> dict[str, Any]:
            chosen = _chosen(run, ids or None, *cell)
            suggestion = params.get("suggestion") or "hidden"
            return send_to_annotation(run, chosen, backend, suggestion, options, report)

        return quiet(ctx, send)

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Say what was sent and how to fetch it."""
        yield ctx.ops.reload_dataset()
        title = BACKENDS[result["backend"]].title
        yield ctx.ops.notify(
            f"{counted(result['samples'])} sent to {title} as '{result['annotation']}'. Fetch the "
            "answers with 'Label errors: fetch annotation'.",
            variant="success",
        )

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        run = opened_run(ctx, inputs)
        if run is not None:
            _which_samples(ctx, run, inputs)
            _where_to(ctx, inputs)
        return form(inputs, "Send to annotation")


def _chosen(
    run: Run,
    sample_ids: Sequence[str] | None,
    label: str | None,
    prediction: str | None,
    limit: int | None,
) -> list[str]:
    if (label is None) != (prediction is None):
        raise InputError("label and prediction name a cell: give both or neither")
    if sample_ids is not None and label is not None:
        raise InputError("give either sample_ids, or a cell by label and prediction, not both")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise InputError(f"limit: expected a whole number from 1, got {limit!r}")
    if isinstance(sample_ids, str):
        raise InputError("sample_ids: expected a list of ids, got a text")
    if label is not None and prediction is not None:
        return open_in_cell(run, label, prediction, limit)
    if sample_ids is None:
        raise InputError(
            "sample_ids: say which samples. Select some, pass a view, or name a cell by label and "
            "prediction."
        )
    return list(sample_ids)


def _which_samples(ctx: Any, run: Run, inputs: types.Object) -> None:
    selected = len(ctx.selected or [])
    if ctx.params.get("sample_ids"):
        what = counted(len(ctx.params["sample_ids"]))
    elif selected:
        what = counted(selected) + " selected in the grid"
    elif ctx.has_custom_view:
        what = counted(ctx.view.count()) + " of the current view"
    else:
        inputs.view(
            "cell",
            types.Notice(
                label="No samples are selected: name a cell, whose open samples are sent, or close "
                "this and select some in the grid"
            ),
        )
        for name, label in (("label", "Label"), ("prediction", "Prediction")):
            choose(inputs, name, run.iteration().classes, None, label=label)
        if not (ctx.params.get("label") and ctx.params.get("prediction")):
            missing(inputs, "Choose both classes of the cell.")
        inputs.int("limit", label="At most", description="The most suspect first. Empty: all")
        return
    inputs.view("samples", types.Notice(label=f"{what} will be sent"))


def _where_to(ctx: Any, inputs: types.Object) -> None:
    choices = types.RadioGroup()
    for name, backend in BACKENDS.items():
        choices.add_choice(name, label=backend.title)
    inputs.enum(
        "backend", choices.values(), default="labelstudio", label="Send them to", view=choices
    )
    backend = ctx.params.get("backend") or "labelstudio"
    if backend not in BACKENDS:
        return
    for name, label, description in OPTIONS[backend]:
        inputs.str(name, label=label, description=description)
    if not BACKENDS[backend].takes_hints:
        return
    hint = types.RadioGroup()
    hint.add_choice(
        "hidden", label="Hidden", description="Annotators judge for themselves: more to be trusted"
    )
    hint.add_choice(
        "hint", label="As a hint", description="The prediction is there to begin with: faster"
    )
    inputs.enum(
        "suggestion", hint.values(), default="hidden", label="The classifier's word", view=hint
    )
