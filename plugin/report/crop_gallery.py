"""Crops of objects that a page carries within itself."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ..images.crops import Crop, make_crops
from ..images.deep import Windows
from .gallery import EDGE, THREADS, picture_of
from .page import Picture


def crop_pictures(crops: Mapping[str, Crop], windows: Windows | None = None) -> dict[str, Picture]:
    """Crops of objects, by whatever names they are given by; unreadable ones are left out.

    Args:
        crops: what is to be seen of each
        windows: as for ``gallery.pictures``
    """
    of_image: dict[str, list[str]] = {}
    for name, crop in crops.items():
        of_image.setdefault(crop.path, []).append(name)
    groups = list(of_image.values())
    with ThreadPoolExecutor(THREADS, thread_name_prefix="deconfuse-report") as pool:
        made = pool.map(lambda names: make_crops([crops[n] for n in names], EDGE, windows), groups)
        return {
            name: picture_of(thumbnail)
            for names, thumbnails in zip(groups, made, strict=True)
            for name, thumbnail in zip(names, thumbnails, strict=True)
            if thumbnail.data
        }
