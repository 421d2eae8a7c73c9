"""Thumbnails that a page carries within itself."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ..images.deep import Windows
from ..images.thumbnails import SMALL, Thumbnail, make_thumbnail
from .page import Picture

EDGE = 176
"""Longest side in pixels: twice what is shown, for sharp screens."""

THREADS = 2


def pictures(paths: Sequence[str], windows: Windows | None = None) -> dict[str, Picture]:
    """Pictures by the path of their file; files that cannot be read are left out.

    Args:
        paths: image files
        windows: of the dataset's deep pictures, as for ``images.decode_image``
    """
    wanted = list(dict.fromkeys(paths))
    with ThreadPoolExecutor(THREADS, thread_name_prefix="deconfuse-report") as pool:
        made = list(pool.map(lambda path: make_thumbnail(path, EDGE, windows), wanted))
    return {
        path: picture_of(thumbnail)
        for path, thumbnail in zip(wanted, made, strict=True)
        if thumbnail.data
    }


def picture_of(thumbnail: Thumbnail) -> Picture:
    """A thumbnail as a page carries it."""
    kind = "png" if thumbnail.data.startswith(b"\x89PNG") else "jpeg"
    url = f"data:image/{kind};base64,{base64.b64encode(thumbnail.data).decode()}"
    return Picture(url, max(thumbnail.width, thumbnail.height) <= SMALL)
