"""The operator ``send_to_annotation``: chosen samples to CVAT, Label Studio or Labelbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.annotation.backends import BACKENDS
from ..plugin.annotation.send import open_in_cell, send_to_annotation
from ..plugin.errors import InputError
from ..plugin.object_annotation.send import open_objects, send_objects
from ..plugin.objects.cell_names import NO_LABEL
from ..plugin.objects.fields import NOTHING
from ..plugin.objects.items import known_items
from ..plugin.store.label_field import is_on_objects
from ..plugin.store.runs import Run
from ..plugin.store.sample_collection import is_view
from ..plugin.store.samples import Collection
from .base import LongOperator, Work, long_config
from .caller import quiet
from .forms import choose, form, missing, opened_run
from .resolve_objects import chosen_labels
from .run_choice import counted, open_run, open_run_on_any, run_of
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
        label_ids: Sequence[str] | None = None,
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
            limit: at most so many of the cell, the most suspect first; on objects also without a
                cell: of all suspects
            label_ids: on objects, in place of ``sample_ids``: the objects that are asked about,
                whose images are sent
            delegate: queue it as a delegated operation
            options: what FiftyOne's backend takes, such as ``url``, ``api_key``, ``project_name``

        Returns:
            ``annotation`` (the key to fetch with), ``samples``, ``classes`` and what was asked;
            with ``delegate=True`` the queued operation

        Raises:
            InputError: on bad input, or where the backend cannot be reached; nothing is kept
        """
        run = run_of(sample_collection, run_key, objects=True)
        named = sample_ids is not None or label_ids is not None
        if not named and label is None and limit is None and is_view(sample_collection):
            sample_ids, label_ids = _of_view(run, sample_collection)
        chosen = _Chosen(sample_ids, label_ids, label, prediction, limit, named=named)
        if delegate:
            ids = chosen.found(run)
            params = {"run_key": run_key, "backend": backend, "suggestion": suggestion, **options}
            params["named"] = label_ids is not None and named
            return self.queue(run.dataset, params | ids)
        return in_terminal(_sending(run, chosen, backend, suggestion, options))

    def work(self, ctx: Any) -> Work:
        """The samples to send, and where to."""
        run = open_run(ctx, objects=True)
        params = ctx.params
        backend = params.get("backend") or "labelstudio"
        if backend not in BACKENDS:
            raise InputError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
        named = bool(params.get("label_ids")) and params.get("named", True)
        labels = (chosen_labels(ctx, run) or None) if is_on_objects(run) else None
        labels = labels or params.get("label_ids") or None
        ids = params.get("sample_ids") or ([] if labels else list(ctx.selected or []))
        cell = [params.get(name) for name in ("label", "prediction", "limit")]
        if not ids and not labels and not any(cell) and ctx.has_custom_view:
            ids, labels = _of_view(run, ctx.view)
        cell = [None if ids or labels else value for value in cell]
        chosen = _Chosen(ids or None, labels, *cell, named=named)
        options = {name: params.get(name) for name, _, _ in OPTIONS[backend]}
        suggestion = params.get("suggestion") or "hidden"
        return quiet(ctx, _sending(run, chosen, backend, suggestion, options))

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Say what was sent and how to fetch it."""
        yield ctx.ops.reload_dataset()
        title = BACKENDS[result["backend"]].title
        boxes = f" with {counted(result['objects'], 'object')}" if "objects" in result else ""
        if result.get("not_drawn"):
            boxes += f" ({counted(result['not_drawn'], 'missing object')} not drawn)"
        yield ctx.ops.notify(
            f"{counted(result['samples'])}{boxes} sent to {title} as '{result['annotation']}'. "
            "Fetch the answers with 'Label errors: fetch annotation'.",
            variant="success",
        )

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        run = opened_run(ctx, inputs, open_run_on_any)
        if run is not None:
            _which_samples(ctx, run, inputs)
            _where_to(ctx, inputs)
        return form(inputs, "Send to annotation")


@dataclass(frozen=True)
class _Chosen:
    """What is to be sent, as it was named: samples, objects, or a cell.

    ``named`` says whether each of ``label_ids`` was; what a view, a cell or the suspects hold was
    not, and the image of a missing object among it is sent without asking about that object.
    """

    sample_ids: Sequence[str] | None
    label_ids: Sequence[str] | None
    label: str | None
    prediction: str | None
    limit: int | None
    named: bool

    def found(self, run: Run) -> dict[str, list[str]]:
        """The samples, or the objects, by the parameter that names them."""
        self._check()
        objects = is_on_objects(run)
        if self.label_ids is not None:
            if not objects:
                raise InputError(
                    f"label_ids: run '{run.key}' is on whole samples; name samples by sample_ids"
                )
            return {"label_ids": list(self.label_ids)}
        if self.sample_ids is not None:
            return {"sample_ids": list(self.sample_ids)}
        if objects and (self.limit is not None or self.label is not None):
            found = open_objects(run, self.label, self.prediction, self.limit)
            return {"label_ids": found}
        if self.label is not None and self.prediction is not None:
            return {"sample_ids": open_in_cell(run, self.label, self.prediction, self.limit)}
        more = " On objects, limit sends the most suspect." if objects else ""
        raise InputError(
            "sample_ids: say which samples. Select some, pass a view, or name a cell by label and "
            f"prediction.{more}"
        )

    def _check(self) -> None:
        limit = self.limit
        if (self.label is None) != (self.prediction is None):
            raise InputError("label and prediction name a cell: give both or neither")
        if self.sample_ids is not None and self.label_ids is not None:
            raise InputError("give either sample_ids or label_ids, not both")
        if self.label is not None and (self.sample_ids is not None or self.label_ids is not None):
            raise InputError(
                "give either sample_ids or label_ids, or a cell by label and prediction, not both"
            )
        if limit is not None and (
            isinstance(limit, bool) or not isinstance(limit, int) or limit < 1
        ):
            raise InputError(f"limit: expected a whole number from 1, got {limit!r}")
        for name in ("sample_ids", "label_ids"):
            if isinstance(getattr(self, name), str):
                raise InputError(f"{name}: expected a list of ids, got a text")


def _sending(
    run: Run, chosen: _Chosen, backend: str, suggestion: str, options: Mapping[str, Any]
) -> Work:
    """What sends samples, or images with their boxes."""

    def send(report: Any) -> dict[str, Any]:
        found = chosen.found(run)
        if is_on_objects(run):
            samples, labels = found.get("sample_ids"), found.get("label_ids")
            named = chosen.named and chosen.label_ids is not None
            return send_objects(
                run, samples, labels, backend, suggestion, options, report, named=named
            )
        ids = found["sample_ids"]
        return send_to_annotation(run, ids, backend, suggestion, options, report)

    return send


def _of_view(run: Run, view: Collection) -> tuple[list[str] | None, list[str] | None]:
    """The samples of a view, or the labels of one that shows patches of a run's."""
    if is_on_objects(run) and getattr(view, "_is_patches", False):
        return None, list(dict.fromkeys(view.values("id")))
    return list(dict.fromkeys(view.values("id"))), None


def _which_samples(ctx: Any, run: Run, inputs: types.Object) -> None:
    objects = is_on_objects(run)
    labels = chosen_labels(ctx, run) if objects else []
    selected = len(ctx.selected or [])
    if labels:
        what = f"The images of {counted(len(labels), 'object')}"
    elif ctx.params.get("sample_ids"):
        what = counted(len(ctx.params["sample_ids"]))
    elif selected:
        what = counted(selected) + " selected in the grid"
    elif ctx.has_custom_view:
        what = counted(ctx.view.count()) + " of the current view"
    else:
        _which_cell(ctx, run, inputs, objects)
        return
    inputs.view("samples", types.Notice(label=f"{what} will be sent"))


def _which_cell(ctx: Any, run: Run, inputs: types.Object, objects: bool) -> None:
    """Ask for a cell, or on objects how many of the most suspect."""
    text = (
        "Nothing is selected: say how many of the most suspect objects are sent, with their "
        "images, and of which cell if not of all; or close this and select some"
        if objects
        else "No samples are selected: name a cell, whose open samples are sent, or close this and "
        "select some in the grid"
    )
    inputs.view("cell", types.Notice(label=text))
    items = known_items(run) if objects else None
    classes = list(items.classes) if items is not None else []
    rows = [*classes, NO_LABEL] if objects else run.iteration().classes
    columns = [*classes, NOTHING] if objects else run.iteration().classes
    for name, label, known in (("label", "Label", rows), ("prediction", "Prediction", columns)):
        choose(inputs, name, known, None, label=label)
    named = [bool(ctx.params.get(name)) for name in ("label", "prediction")]
    if not all(named) and (any(named) or not (objects and ctx.params.get("limit"))):
        missing(
            inputs,
            "Choose both classes of the cell, or how many."
            if objects
            else "Choose both classes of the cell.",
        )
    inputs.int("limit", label="At most", description="The most suspect first. Empty: all")


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
        "hint",
        label="As a hint",
        description="The prediction is there to begin with: faster. On objects, what may be "
        "missing is drawn; labels always are",
    )
    inputs.enum(
        "suggestion", hint.values(), default="hidden", label="The classifier's word", view=hint
    )
