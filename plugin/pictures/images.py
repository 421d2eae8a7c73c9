"""Decoding one image file into a well-defined array, or saying why that is not possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"})
WIDE_GREY_MODES = frozenset({"I", "I;16", "I;16B", "I;16L"})
PROBED = 200

UInt8 = npt.NDArray[np.uint8]


class UnreadableImageError(ValueError):
    """An image file that cannot be decoded; the message says why, without its path."""


def decode_image(path: str, size: int, channels: int) -> UInt8:
    """Decode an image file to a square array.

    EXIF orientation is applied, an animation gives its first frame, palettes are resolved,
    transparency is laid over white, CMYK and Lab are converted, 16 bits and floating point numbers
    (0 to 1 or 0 to 255) are brought to 8 bits. The whole image is resized, without keeping its
    aspect ratio: a label may hang on what stands at the edge.

    Args:
        path: the file; its content tells the format, not its name
        size: side of the result in pixels
        channels: 1 for grey, 3 for RGB

    Returns:
        uint8 (channels, size, size)

    Raises:
        UnreadableImageError: if the file is missing, empty, truncated or no image
    """
    mode = "L" if channels == 1 else "RGB"
    image = open_image(path, hint=size)
    if image.mode != mode:
        image = image.convert(mode)
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0)
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else np.moveaxis(pixels, -1, 0)


def open_image(path: str, hint: int | None = None) -> Image.Image:
    """Load an image as mode ``L`` or ``RGB``, upright and opaque.

    Args:
        path: the file
        hint: a side in pixels below which no detail is needed; lets JPEG decode faster

    Raises:
        UnreadableImageError: as ``decode_image``
    """
    return open_sized(path, hint)[0]


def open_sized(path: str, hint: int | None = None) -> tuple[Image.Image, tuple[int, int]]:
    """As ``open_image``, with width and height of the whole picture when upright.

    Raises:
        UnreadableImageError: as ``decode_image``
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            if hint is not None:
                image.draft(None, (hint * 2, hint * 2))
            image.load()
            upright = _upright(image)
            turned = upright.size != image.size
            return _opaque(upright), (height, width) if turned else (width, height)
    except FileNotFoundError:
        raise UnreadableImageError("file is missing") from None
    except IsADirectoryError:
        raise UnreadableImageError("path is a folder") from None
    except PermissionError:
        raise UnreadableImageError("file may not be read") from None
    except UnidentifiedImageError:
        raise UnreadableImageError(_why_unidentified(path)) from None
    except Image.DecompressionBombError:
        raise UnreadableImageError("image has too many pixels") from None
    except Exception as error:  # decoders raise of all kinds on damaged files
        kind = "truncated" if "truncat" in str(error).lower() else "damaged"
        raise UnreadableImageError(f"image is {kind}") from error


def _why_unidentified(path: str) -> str:
    empty = Path(path).stat().st_size == 0
    return "file is empty" if empty else "file is not an image of a known format"


def _upright(image: Image.Image) -> Image.Image:
    if image.getexif().get(0x0112, 1) == 1:
        return image.copy()
    return ImageOps.exif_transpose(image)


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in WIDE_GREY_MODES:
        values = np.asarray(image)
        scale = 257 if values.size and values.max() > 255 else 1
        return Image.fromarray(np.clip(values // scale, 0, 255).astype(np.uint8))
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image))
        scale = 255 if values.size and values.max() <= 1 else 1
        return Image.fromarray(np.clip(values * scale, 0, 255).astype(np.uint8))
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        flat = Image.alpha_composite(paper, layer).convert("RGB")
        return flat.convert("L") if image.mode in GREY_MODES else flat
    return image.convert("L") if image.mode in GREY_MODES else image.convert("RGB")


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
            with Image.open(str(paths[i])) as image:
                sides.append(max(image.size))
                grey = grey and image.mode in GREY_MODES
        except Exception:  # as in open_image
            continue
    return ImageKind(1 if grey else 3, int(np.median(sides))) if sides else None
