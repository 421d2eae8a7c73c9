"""What is done with each of many image files: look at it, decode it to compare or for a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from .decode import GREY_MODES, UInt8, UnreadableImageError, decode_image, open_image, readable
from .deep import Windows
from .digests import file_digest
from .working_size import to_size

ORIENTATION = 0x0112
ORIENTED_BY = {"exif", "xmp", "XML:com.adobe.xmp"}
LOOK = np.dtype([("height", "<i4"), ("width", "<i4"), ("grey", "?"), ("digest", "V16")])

Job = Mapping[str, Any]
"""``task``, a name of ``TASKS``; ``windows`` of the deep pictures where it decodes. JSON."""
Problems = dict[int, str]
"""Row of each image that cannot be read, and what is wrong with it."""


def work_on(job: Job, out: npt.NDArray[Any], rows: Sequence[int], paths: Sequence[str]) -> Problems:
    """Write what a task makes of some images into their rows of an array.

    Args:
        job: what to do
        out: shape (n, ...); what is written is of its dtype
        rows: of the images in ``out``
        paths: their files
    """
    task, problems = TASKS[job["task"]], {}
    for row, path in zip(rows, paths, strict=True):
        try:
            out[row] = task(path, out.shape[1:], job.get("windows"))
        except UnreadableImageError as error:
            problems[row] = str(error)
    return problems


def decode_to_compare(
    path: str, size: tuple[int, int], *, colour: bool, windows: Windows | None = None
) -> UInt8:
    """One image file at the size at which images are compared.

    Args:
        path: the file
        size: (height, width)
        colour: three channels, or one axis less
        windows: as for ``images.decode_image``

    Raises:
        UnreadableImageError: if it is missing, damaged or no image
    """
    image = open_image(path, max(size), windows)
    return to_size(np.asarray(image), size, colour=colour)


def look(path: str) -> tuple[int, int, bool]:
    """Height and width of an image file when upright, and whether it is grey.

    Raises:
        UnreadableImageError: if it is missing, damaged or no image
    """
    try:
        with readable(path), Image.open(path) as image:
            told = not ORIENTED_BY.isdisjoint(image.info)  # getexif decodes a PNG without them
            turned = told and image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
            width, height = image.size[::-1] if turned else image.size
            return height, width, image.mode in GREY_MODES
    except UnreadableImageError:  # some headers are read by decoding only
        loaded = open_image(path)
        return loaded.height, loaded.width, loaded.mode == "L"


def _look(path: str, _: tuple[int, ...], __: Windows | None) -> Any:
    seen, digest = look(path), file_digest(path)
    if digest is None:
        raise UnreadableImageError("file may not be read")
    return np.array((*seen, np.void(digest)), LOOK)


def _to_compare(path: str, shape: tuple[int, ...], windows: Windows | None) -> UInt8:
    return decode_to_compare(path, (shape[0], shape[1]), colour=len(shape) == 3, windows=windows)


def _for_model(path: str, shape: tuple[int, ...], windows: Windows | None) -> UInt8:
    return decode_image(path, shape[1], shape[0], windows)


TASKS: dict[str, Callable[[str, tuple[int, ...], Windows | None], Any]] = {
    "look": _look,
    "to compare": _to_compare,
    "for a model": _for_model,
}
"""Each makes a row of the array from a file: given the row's shape, and windows."""
