"""What the form of ``import_predictions`` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fiftyone.operators import types

from ..plugin.box_files.settings import is_of_boxes
from ..plugin.objects.auto import detections_fields
from ..plugin.predictions.settings import FOREIGN, MATCHES
from ..plugin.predictions.understanding import KINDS
from ..plugin.store.label_field import label_fields
from ..plugin.values import checked
from .box_file_inputs import add_box_options, add_images_input
from .forms import missing, more_options

TEXTS = {
    "values": {
        "auto": "As the numbers look, in all of the file",
        "logits": "Logits: any numbers, the highest wins",
        "log-probabilities": "Logarithms of probabilities",
        "probabilities": "Probabilities: none negative, their sum is 1",
        "percentages": "Percentages: none negative, their sum is 100",
        "sigmoids": "Sigmoids: each class from 0 to 1, with any sum",
    },
    "match": {
        "auto": "By sample id, else by file path",
        "id": "By sample id",
        "filepath": "By file path",
    },
    "foreign": {
        "keep": "Keep them: a prediction may be a class that no label has",
        "drop": "Leave them out, and predict among the others",
        "error": "Refuse the file",
    },
}


def add_inputs(ctx: Any, inputs: types.Object) -> None:
    """The file, the field, and how samples are found; what a file does not need is not asked."""
    _file_inputs(ctx, inputs)
    _field_inputs(ctx, inputs)
    inputs.bool(
        "preview",
        default=False,
        label="Only look",
        description="Say what would be written, and write nothing",
        view=types.SwitchView(),
    )
    path = chosen_path(ctx.params.get("path"), folder_of_texts=True)
    of_boxes = is_of_boxes(path or "")
    if more_options(ctx, inputs):
        if of_boxes:
            add_box_options(inputs)
        else:
            for name, label in (("match", "Find samples"), ("values", "The scores are")):
                _choice(inputs, name, label, {"match": MATCHES, "values": KINDS}[name])
        inputs.str(
            "root",
            label="Folder of relative paths",
            description="Only where the file names paths relative to a folder",
        )
        if ctx.params.get("label_field"):
            _choice(inputs, "foreign", "Classes that no label has", FOREIGN)


def _file_inputs(ctx: Any, inputs: Any) -> None:
    inputs.file(
        "path",
        label="File",
        description="CSV, JSON lines (.jsonl), or NumPy (.npz, .npy); boxes as COCO JSON, or any "
        "file in a folder of YOLO's text. On the machine of the App's server",
        view=types.FileExplorerView(button_label="Choose a file…"),
    )
    path = chosen_path(ctx.params.get("path"), folder_of_texts=True) or ""
    if not path:
        missing(inputs, "Choose the file of predictions.")
    if path.endswith(".npy"):
        inputs.file(
            "keys",
            label="Sample ids or file paths",
            description="A text file with one a line, in the order of the rows",
            view=types.FileExplorerView(button_label="Choose a file…"),
        )
        if not chosen_path(ctx.params.get("keys")):
            missing(inputs, "Choose the file that says which sample each row belongs to.")
    of_boxes = is_of_boxes(path)
    if path.endswith(".json"):
        add_images_input(inputs)
    if of_boxes or path.endswith((".csv", ".npy", ".npz", ".jsonl", ".ndjson")):
        inputs.file(
            "classes",
            label="List of classes",
            description="A text file with one class a line, a JSON list, or YOLO's data.yaml; only "
            "where the file does not name them itself, or has numbers in place of names",
            view=types.FileExplorerView(button_label="Choose a file…"),
        )


def _field_inputs(ctx: Any, inputs: Any) -> None:
    inputs.str(
        "field",
        default="predictions",
        label="Field",
        description="The new field that receives the predictions",
    )
    if ctx.dataset.has_field(ctx.params.get("field") or "predictions"):
        inputs.bool(
            "overwrite",
            default=False,
            label="Overwrite",
            description="The field is there already; its predictions go",
            view=types.SwitchView(),
        )
    if ctx.has_custom_view:
        choice = types.RadioGroup()
        choice.add_choice("dataset", label="The whole dataset")
        choice.add_choice("view", label="The current view", description="Only what it selects")
        inputs.enum("target", choice.values(), default="dataset", label="Samples", view=choice)
    path = chosen_path(ctx.params.get("path"), folder_of_texts=True) or ""
    labels = detections_fields(ctx.dataset) if is_of_boxes(path) else label_fields(ctx.dataset)
    inputs.enum(
        "label_field",
        labels,
        label="Label field",
        default=labels[0] if len(labels) == 1 else None,
        description="Compare the classes with those of these labels",
        view=types.AutocompleteView(),
    )


def _choice(inputs: Any, name: str, label: str, values: Sequence[str]) -> None:
    choice = types.RadioGroup()
    for value in values:
        choice.add_choice(value, label=TEXTS[name][value])
    inputs.enum(name, choice.values(), default=values[0], label=label, view=choice)


def chosen_path(value: Any, *, folder_of_texts: bool = False) -> Any:
    """The path that a file explorer hands over, or what was given from Python.

    An explorer chooses files: a text stands for the folder of texts that it lies in.
    """
    if not isinstance(value, dict) or (value and "absolute_path" not in value):
        return value
    path = checked("absolute_path", value.get("absolute_path"), str | None)
    if folder_of_texts and path and path.lower().endswith(".txt"):
        return str(Path(path).parent)
    return path
