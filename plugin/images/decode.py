"""Decoding one image file into a well-defined array, or saying why that is not possible."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from . import deep
from .deep import Windows

GREY_MODES = frozenset({"1", "L", "LA", "La", *deep.KINDS})
PROBED = 200
VANISHED = 250
"""What has nothing darker than this on white paper cannot be seen on it."""

UInt8 = npt.NDArray[np.uint8]


class UnreadableImageError(ValueError):
    """An image file that cannot be decoded; the message says why, without its path."""


def decode_image(path: str, size: int, channels: int, windows: Windows | None = None) -> UInt8:
    """Decode an image file to a square array.

    EXIF orientation is applied, an animation gives its first frame, palettes are resolved, CMYK and
    Lab are converted. Transparency is laid over white, or over black where nothing would be seen on
    white. Deep pictures are brought to 8 bits by their dataset's window. The whole image is
    resized, without keeping its aspect ratio: a label may hang on what stands at the edge.

    Args:
        path: the file; its content tells the format, not its name
        size: side of the result in pixels
        channels: 1 for grey, 3 for RGB
        windows: of the dataset's deep pictures (``windows.py``); a kind without one is shown by the
            window of the picture alone

    Returns:
        uint8 (channels, size, size)

    Raises:
        UnreadableImageError: if the file is missing, empty, truncated or no image
    """
    mode = "L" if channels == 1 else "RGB"
    image = open_image(path, size, windows)
    if image.mode != mode:
        image = image.convert(mode)
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0)
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else np.moveaxis(pixels, -1, 0)


def open_image(path: str, hint: int | None = None, windows: Windows | None = None) -> Image.Image:
    """Load an image as mode ``L`` or ``RGB``, upright and opaque.

    Args:
        path: the file
        hint: a side in pixels below which no detail is needed; lets JPEG decode faster
        windows: as for ``decode_image``

    Raises:
        UnreadableImageError: as ``decode_image``
    """
    return open_sized(path, hint, windows)[0]


def open_sized(
    path: str, hint: int | None = None, windows: Windows | None = None
) -> tuple[Image.Image, tuple[int, int]]:
    """As ``open_image``, with width and height of the whole picture when upright.

    Raises:
        UnreadableImageError: as ``decode_image``
    """
    with readable(path), Image.open(path) as image:
        width, height = image.size
        if hint is not None:
            image.draft(None, (hint * 2, hint * 2))
        image.load()
        standing = upright(image)
        turned = standing.size != image.size
        return _opaque(standing, windows), (height, width) if turned else (width, height)


@contextlib.contextmanager
def readable(path: str) -> Iterator[None]:
    """Check that a path names a file before it is opened, and say why it cannot be decoded.

    Opening a pipe waits for whoever writes into it, and some devices never end.

    Raises:
        UnreadableImageError: as ``decode_image``
    """
    try:
        problem = _no_file(path)
        if problem is not None:
            raise UnreadableImageError(problem)
        yield
    except UnreadableImageError:
        raise
    except FileNotFoundError:
        raise UnreadableImageError("file is missing") from None
    except IsADirectoryError:
        raise UnreadableImageError("path is a folder") from None
    except PermissionError:
        raise UnreadableImageError("file may not be read") from None
    except UnidentifiedImageError:
        raise UnreadableImageError("file is not an image of a known format") from None
    except Image.DecompressionBombError:
        raise UnreadableImageError("image has too many pixels") from None
    except Exception as error:  # decoders raise of all kinds on damaged files
        kind = "truncated" if "truncat" in str(error).lower() else "damaged"
        raise UnreadableImageError(f"image is {kind}") from error


def _no_file(path: str) -> str | None:
    """Why a path names no file with something in it; None where it does."""
    found = os.stat(path)
    if stat.S_ISREG(found.st_mode):
        return None if found.st_size else "file is empty"
    if stat.S_ISDIR(found.st_mode):
        return "path is a folder"
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return f"path is {kinds.get(stat.S_IFMT(found.st_mode), 'a device')}, not a file"


def upright(image: Image.Image) -> Image.Image:
    """A copy of an image as the camera was held."""
    if image.getexif().get(0x0112, 1) == 1:
        return image.copy()
    return ImageOps.exif_transpose(image)


def _opaque(image: Image.Image, windows: Windows | None) -> Image.Image:
    kind = deep.KINDS.get(image.mode)
    if kind is not None:
        return Image.fromarray(deep.to_8_bit(np.asarray(image), (windows or {}).get(kind)))
    grey = image.mode in GREY_MODES
    if has_transparency(image):
        flat = _on_paper(image.convert("RGBA"))
        return flat.convert("L") if grey else flat
    return image.convert("L" if grey else "RGB")


def has_transparency(image: Image.Image) -> bool:
    """Whether an image says how opaque its pixels are."""
    return "A" in image.mode or "a" in image.mode or "transparency" in image.info


def _on_paper(layer: Image.Image) -> Image.Image:
    """A picture with transparency on white paper, or on black where it would vanish on white."""
    on_white = _laid_over(layer, "white")
    least, most = layer.getchannel("A").getextrema()
    if least != most and min(low for low, _ in on_white.getextrema()) >= VANISHED:  # pyright: ignore
        return _laid_over(layer, "black")
    return on_white


def _laid_over(layer: Image.Image, colour: str) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", layer.size, colour), layer).convert("RGB")


@dataclass(frozen=True)
class ImageKind:
    """What the images of a dataset have in common.

    Attributes:
        channels: 1 if all probed images are grey, otherwise 3
        side: median of the longer sides in pixels
    """

    channels: int
    side: int


def probe_images(paths: Sequence[str], seed: int) -> ImageKind | None:
    """Look at the headers of up to 200 images; None if none of them can be opened."""
    chosen = np.random.default_rng(seed).permutation(len(paths))[:PROBED]
    sides, grey = [], True
    for i in chosen:
        try:
            with readable(str(paths[i])), Image.open(str(paths[i])) as image:
                sides.append(max(image.size))
                grey = grey and image.mode in GREY_MODES
        except UnreadableImageError:
            continue
    return ImageKind(1 if grey else 3, int(np.median(sides))) if sides else None
