"""Crops of objects: a square with some of what is around, and the boxes drawn on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from .decode import UnreadableImageError, open_sized
from .decoded_crop import Box, crop_square
from .deep import Windows
from .thumbnails import Thumbnail, ThumbnailStore, encode, thumbnail_key

MARGIN = 0.35
"""What is shown on each side of an object, as a share of its longer side."""

_MADE_AS = 2
"""Counted up when the same object gives another crop than it did before."""

LABEL, SEEN, OTHER = (255, 138, 51), (92, 157, 255), (255, 255, 255)
"""The colours of the label's box, of what is predicted and of other labels, as in the panel."""


@dataclass(frozen=True)
class Crop:
    """What is to be seen of a picture.

    Attributes:
        path: the image file
        label: the label's box, None where it has none
        seen: the box that is predicted, None where there is none; one of the two is there
        others: boxes of other labels to be seen with it
    """

    path: str
    label: Box | None
    seen: Box | None
    others: tuple[Box, ...] = ()

    @property
    def name(self) -> str:
        """What tells it from other crops of the same file."""
        return json.dumps([_MADE_AS, self.label, self.seen, *self.others])


def get_crops(
    store: ThumbnailStore, crops: Sequence[Crop], edge: int, windows: Windows | None = None
) -> list[Thumbnail]:
    """Crops of objects, in their order, made once and kept as thumbnails are.

    Args:
        store: where they are kept
        crops: what is to be seen
        edge: their longest side in pixels
        windows: of deep pictures, as for ``decode.decode_image``
    """

    def make(missing: Sequence[int]) -> list[Thumbnail]:
        of_image: dict[str, list[int]] = {}
        for i in missing:
            of_image.setdefault(crops[i].path, []).append(i)
        groups = list(of_image.values())
        made = store.map(lambda group: make_crops([crops[i] for i in group], edge, windows), groups)
        found = {
            i: thumbnail
            for group, thumbnails in zip(groups, made, strict=True)
            for i, thumbnail in zip(group, thumbnails, strict=True)
        }
        return [found[i] for i in missing]

    return store.get_made([thumbnail_key(c.path, edge, windows, c.name) for c in crops], make)


def make_crops(crops: Sequence[Crop], edge: int, windows: Windows | None = None) -> list[Thumbnail]:
    """Crops of one image, which is decoded once.

    Args:
        crops: all of one ``path``
        edge: the longest side of each in pixels
        windows: of deep pictures, as for ``decode.decode_image``

    Returns:
        one for each; ``width`` and ``height`` are the whole picture's
    """
    path = crops[0].path
    smallest = min(max(_extent(crop)) for crop in crops) * (1 + 2 * MARGIN)
    hint = round(edge / max(smallest, 1e-3)) if smallest < 1 else edge
    try:
        image, (width, height) = open_sized(path, hint, windows)
    except UnreadableImageError as error:
        return [Thumbnail(b"", str(error), 0, 0) for _ in crops]
    return [
        Thumbnail(encode(_cropped(image, crop, (width, height), edge))[0], "", width, height)
        for crop in crops
    ]


def _boxes(crop: Crop) -> list[Box]:
    return [box for box in (crop.label, crop.seen, *crop.others) if box is not None]


def _extent(crop: Crop) -> tuple[float, float]:
    boxes = _boxes(crop)
    return max(b[2] for b in boxes), max(b[3] for b in boxes)


def _cropped(image: Image.Image, crop: Crop, size: tuple[int, int], edge: int) -> Image.Image:
    """The part of an image, which may have been decoded smaller than its ``size``."""
    scale = image.width / size[0], image.height / size[1]
    left, top, right, bottom = crop_square(_boxes(crop), *size, MARGIN)
    part = (left * scale[0], top * scale[1], right * scale[0], bottom * scale[1])
    longest = max(right - left, bottom - top)
    shape = [max(1, round(edge * side / longest)) for side in (right - left, bottom - top)]
    found = image.resize((shape[0], shape[1]), Image.Resampling.BICUBIC, box=part, reducing_gap=2.0)
    found = found.convert("RGB")
    draw = ImageDraw.Draw(found)
    line = max(2, round(edge / 80))
    others = [(box, OTHER) for box in crop.others]
    for box, colour in (*others, (crop.seen, SEEN), (crop.label, LABEL)):
        if box is not None:
            _outline(draw, _within(box, size, (left, top), shape[0] / (right - left)), colour, line)
    return found


def _within(
    box: Box, size: tuple[int, int], corner: tuple[float, float], scale: float
) -> tuple[float, float, float, float]:
    x, y = (box[0] * size[0] - corner[0]) * scale, (box[1] * size[1] - corner[1]) * scale
    return x, y, x + box[2] * size[0] * scale, y + box[3] * size[1] * scale


def _outline(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    colour: tuple[int, int, int],
    line: int,
) -> None:
    """Draw a box around, not over, what is in it, with a dark edge that parts it from bright."""
    x, y, right, bottom = box
    for out, fill, width in ((line + 1, (0, 0, 0), 1), (line, colour, line)):
        draw.rectangle((x - out, y - out, right + out - 1, bottom + out - 1), None, fill, width)
