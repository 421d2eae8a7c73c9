"""Thumbnails: made once, kept on disk, sent as sheets of many in one picture."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

from ..disk_cache import DiskCache
from .decode import UnreadableImageError, open_sized
from .deep import Windows

T = TypeVar("T")
R = TypeVar("R")

SMALL = 48
"""Images with no side above this stay exact (PNG); larger ones are kept and sent as JPEG."""

LARGEST = 2 << 30
"""Bytes of thumbnails that are kept."""

_THREADS = max(2, min(4, (os.cpu_count() or 2) // 2))
_MADE_AS = 4
"""Counted up when the same file gives another thumbnail than it did before."""
_EARLIER = ("thumbnails.sqlite", "thumbnails.sqlite-wal", "thumbnails.sqlite-shm")
"""Files of earlier versions, up to 2 GiB that nobody reads."""
_SIZE = struct.Struct("<II")
"""Width and height of the original, in front of what is kept."""


@dataclass(frozen=True)
class Thumbnail:
    """One image made small, or the reason why it could not be read.

    Attributes:
        data: PNG or JPEG bytes, empty if unreadable
        problem: why it is unreadable, otherwise empty
        width, height: of the original in pixels
    """

    data: bytes
    problem: str
    width: int
    height: int

    def open(self) -> Image.Image:
        """The picture."""
        return Image.open(io.BytesIO(self.data))


@dataclass(frozen=True)
class Sheet:
    """Many thumbnails in one picture, tile after tile, row by row.

    Attributes:
        image: PNG or JPEG bytes
        kind: ``image/png`` or ``image/jpeg``
        columns: tiles in a row
        edge: side of a tile in pixels
        sizes: width and height of each picture within its tile, (0, 0) if unreadable
    """

    image: bytes
    kind: str
    columns: int
    edge: int
    sizes: tuple[tuple[int, int], ...]


def make_thumbnail(path: str, edge: int, windows: Windows | None = None) -> Thumbnail:
    """Read an image and bring its longer side to at most ``edge`` pixels.

    Args:
        path: the file
        edge: in pixels
        windows: of the dataset's deep pictures, as for ``images.decode_image``
    """
    try:
        image, size = open_sized(path, edge, windows)
    except UnreadableImageError as error:
        return Thumbnail(b"", str(error), 0, 0)
    image.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return Thumbnail(encode(image)[0], "", *size)


def encode(image: Image.Image) -> tuple[bytes, str]:
    """A picture as PNG where it is small enough to matter exactly, as JPEG otherwise.

    Nothing but the pixels: a file's comment often names the class, and audits are blind.
    """
    image = image.copy()
    image.info = {}
    out = io.BytesIO()
    if max(image.size) <= SMALL:
        image.save(out, "PNG", compress_level=1)
        return out.getvalue(), "image/png"
    image.save(out, "JPEG", quality=86)
    return out.getvalue(), "image/jpeg"


def make_sheet(thumbnails: Sequence[Thumbnail], edge: int) -> Sheet:
    """Put thumbnails side by side.

    Args:
        thumbnails: at least one
        edge: the largest side of a tile; smaller images get smaller tiles
    """
    pictures = [None if t.problem else t.open() for t in thumbnails]
    sizes = [(0, 0) if p is None else _fitted(p.size, edge) for p in pictures]
    tile = max(1, *(max(size) for size in sizes))
    columns = max(1, round(len(pictures) ** 0.5))
    rows = -(-len(pictures) // columns)
    grey = all(p is None or p.mode == "L" for p in pictures)
    sheet = Image.new("L" if grey else "RGB", (columns * tile, rows * tile))
    for at, (picture, size) in enumerate(zip(pictures, sizes, strict=True)):
        if picture is not None:
            picture = picture if picture.size == size else picture.resize(size)
            sheet.paste(picture, (at % columns * tile, at // columns * tile))
    out = io.BytesIO()
    exact = tile <= SMALL
    if exact:
        sheet.save(out, "PNG", compress_level=3)
    else:
        sheet.save(out, "JPEG", quality=82)
    kind = "image/png" if exact else "image/jpeg"
    return Sheet(out.getvalue(), kind, columns, tile, tuple(sizes))


def _fitted(size: tuple[int, int], edge: int) -> tuple[int, int]:
    scale = min(1.0, edge / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


class ThumbnailStore:
    """Thumbnails that are made once, keyed by file, its size and its times, and how it is shown.

    Args:
        folder: where they are kept, if that is possible (``disk_cache.py``); None: nowhere
    """

    def __init__(self, folder: Path | None):
        own = None if folder is None else folder / "thumbnails"
        if folder is not None:
            _delete_earlier(folder)
        self._cache = DiskCache(own, LARGEST, "Thumbnails")
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="deconfuse-thumbnails")

    def get(
        self, paths: Sequence[str], edge: int, windows: Windows | None = None
    ) -> list[Thumbnail]:
        """Thumbnails of image files, in their order; those not kept yet are made now.

        Args:
            paths: image files
            edge: their longest side in pixels
            windows: of the dataset's deep pictures, as for ``images.decode_image``
        """

        def make(missing: Sequence[int]) -> Iterable[Thumbnail]:
            return self.map(lambda i: make_thumbnail(str(paths[i]), edge, windows), missing)

        return self.get_made([thumbnail_key(path, edge, windows) for path in paths], make)

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> Iterable[R]:
        """Do something with each of some items in the store's threads; results in their order."""
        return self._pool.map(work, items)

    def get_made(
        self, keys: Sequence[bytes | None], make: Callable[[Sequence[int]], Iterable[Thumbnail]]
    ) -> list[Thumbnail]:
        """What is kept under some keys, in their order; what is not kept is made now.

        Args:
            keys: of each picture, None where its file cannot be looked at: that is not kept
            make: told the places in ``keys`` of what is to be made; gives a picture for each
        """
        kept = self._cache.read({key for key in keys if key is not None})
        missing = [i for i, key in enumerate(keys) if key is None or key not in kept]
        made = dict(zip(missing, make(missing), strict=True))
        fresh = ((keys[i], thumbnail) for i, thumbnail in made.items())
        self._cache.write({k: _packed(t) for k, t in fresh if k is not None and not t.problem})
        known = {key: _unpacked(data) for key, data in kept.items()}
        return [made[i] if i in made else known[key or b""] for i, key in enumerate(keys)]


def _delete_earlier(folder: Path) -> None:
    for name in _EARLIER:
        with suppress(OSError):
            (folder / name).unlink()


def _packed(thumbnail: Thumbnail) -> bytes:
    return _SIZE.pack(thumbnail.width, thumbnail.height) + thumbnail.data


def _unpacked(kept: bytes) -> Thumbnail:
    return Thumbnail(kept[_SIZE.size :], "", *_SIZE.unpack_from(kept))


def thumbnail_key(path: str, edge: int, windows: Windows | None, part: str = "") -> bytes | None:
    """What a picture made of a file is kept under; None where the file cannot be looked at.

    Args:
        path: the file
        edge: longest side in pixels
        windows: as for ``decode.decode_image``
        part: which part of the image it shows, and how; empty for all of it
    """
    try:
        stat = os.stat(path)
    except (OSError, ValueError):  # ValueError: a path with a null byte
        return None
    # Editors and rsync may keep a file's size and time; when it was put there they cannot choose.
    text = f"{_MADE_AS}\0{path}\0{stat.st_mtime_ns}\0{stat.st_ctime_ns}\0{stat.st_size}\0{edge}"
    if part:
        text += f"\0{part}"
    if windows:
        text += json.dumps({kind: list(windows[kind]) for kind in sorted(windows)})
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
