"""What the form of ``import_predictions`` asks of files of boxes."""

from __future__ import annotations

from typing import Any

from fiftyone.operators import types

from .forms import choose_one

HOW: dict[str, tuple[str, dict[str, tuple[str, str | None]]]] = {
    "boxes": (
        "The four numbers are",
        {
            "auto": ("As the format has them, unless the boxes would leave their images", None),
            "xywh": ("Left, top, width, height", "As in COCO"),
            "xyxy": ("Left, top, right, bottom", None),
            "cxcywh": ("Centre, width, height", "As in YOLO"),
        },
    ),
    "units": (
        "They are",
        {
            "auto": ("As the numbers look", None),
            "pixels": ("Pixels", None),
            "relative": ("Shares of the image", None),
        },
    ),
    "unseen": (
        "Images that the file says nothing of",
        {
            "skip": ("Were not looked at", "They stay without predictions"),
            "empty": ("Were looked at, and nothing was seen", "They get an empty list"),
        },
    ),
    "match": (
        "Find samples",
        {
            "auto": ("By sample id, else by file path, else by file name", None),
            "id": ("By sample id", None),
            "filepath": ("By file path", None),
            "filename": ("By file name", "As far as it is the only one of that name"),
        },
    ),
}


def add_images_input(inputs: Any) -> None:
    """Ask for the file that lists a result's images and categories."""
    inputs.file(
        "images",
        label="Images and categories",
        description="For a list of results: the COCO JSON with their images and categories",
        view=types.FileExplorerView(button_label="Choose a file…"),
    )


def add_box_options(inputs: Any) -> None:
    """Ask how numbers and names are read."""
    for name, (label, choices) in HOW.items():
        choose_one(inputs, name, choices, "auto" if "auto" in choices else "skip", label=label)
    inputs.int(
        "numbers_from",
        label="The first class is number",
        description="0 or 1. Empty: as the numbers tell",
    )
