"""Image files of every awkward kind, each with what a person would see in it."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

RED, BLUE, WHITE, BLACK, GREY = (
    (255, 0, 0),
    (0, 0, 255),
    (255, 255, 255),
    (0, 0, 0),
    (128, 128, 128),
)
SIDE = 16

Colour = tuple[int, int, int]
Seen = tuple[Colour, Colour]
"""The colours of a picture's left and right half."""

WINDOWS: dict[str, dict[str, tuple[float, float]]] = {
    "grey_16_bit_png": {"I;16": (0, 65_535)},
    "float_tiff": {"F": (0, 255)},
    "float_tiff_from_zero_to_one": {"F": (0, 1)},
}
"""The window of the dataset, of makers whose picture is not to be shown as if it were alone."""

Make = Callable[[Path], Seen]
MAKERS: dict[str, Make] = {}


def kind(make: Make) -> Make:
    """Enter a maker under its name."""
    MAKERS[make.__name__] = make
    return make


def halves(left: object, right: object, mode: str = "RGB") -> Image.Image:
    """A picture whose left half has one colour and the right half another."""
    image = Image.new(mode, (SIDE, SIDE), left)  # pyright: ignore[reportArgumentType]
    image.paste(right, (SIDE // 2, 0, SIDE, SIDE))  # pyright: ignore[reportArgumentType]
    return image


@kind
def plain_png(path: Path) -> Seen:
    halves(RED, BLUE).save(path, "PNG")
    return RED, BLUE


@kind
def jpeg_named_png(path: Path) -> Seen:
    halves(RED, BLUE).save(path.with_suffix(".png"), "JPEG", quality=95)
    path.with_suffix(".png").rename(path)
    return RED, BLUE


@kind
def cmyk_jpeg(path: Path) -> Seen:
    halves(RED, BLUE).convert("CMYK").save(path, "JPEG", quality=95)
    return RED, BLUE


@kind
def grey_16_bit_png(path: Path) -> Seen:
    values = np.full((SIDE, SIDE), 65_535, np.uint16)
    values[:, : SIDE // 2] = 128 * 257
    Image.fromarray(values).save(path, "PNG")
    return GREY, WHITE


@kind
def dark_16_bit_png(path: Path) -> Seen:
    """Medical scanners write 12 bits into 16; alone it is shown from its darkest to brightest."""
    values = np.full((SIDE, SIDE), 40 * 257, np.uint16)
    values[:, : SIDE // 2] = 0
    Image.fromarray(values).save(path, "PNG")
    return BLACK, WHITE


@kind
def palette_png(path: Path) -> Seen:
    halves(RED, BLUE).quantize(4).save(path, "PNG")
    return RED, BLUE


@kind
def palette_png_with_transparency(path: Path) -> Seen:
    image = halves(RED, BLUE).quantize(4)
    image.save(path, "PNG", transparency=image.getpixel((SIDE - 1, 0)))
    return RED, WHITE


@kind
def grey_png_with_transparency(path: Path) -> Seen:
    halves(128, 0, "L").save(path, "PNG", transparency=0)
    return GREY, WHITE


@kind
def rgba_png(path: Path) -> Seen:
    halves((*RED, 255), (*BLUE, 0), "RGBA").save(path, "PNG")
    return RED, WHITE


@kind
def half_transparent_png(path: Path) -> Seen:
    halves((*BLACK, 127), (*BLUE, 255), "RGBA").save(path, "PNG")
    return GREY, BLUE


@kind
def grey_and_alpha_png(path: Path) -> Seen:
    halves((0, 255), (0, 0), "LA").save(path, "PNG")
    return BLACK, WHITE


@kind
def white_on_nothing_png(path: Path) -> Seen:
    """A white drawing would vanish on white paper."""
    halves((*WHITE, 0), (*WHITE, 255), "RGBA").save(path, "PNG")
    return BLACK, WHITE


@kind
def animated_gif(path: Path) -> Seen:
    frames = [halves(BLACK, WHITE), halves(WHITE, BLACK)]
    halves(RED, BLUE).save(path, "GIF", save_all=True, append_images=frames)
    return RED, BLUE


@kind
def rotated_jpeg(path: Path) -> Seen:
    exif = Image.Exif()
    exif[0x0112] = 6
    halves(RED, BLUE).rotate(90).save(path, "JPEG", exif=exif, quality=95)
    return RED, BLUE


@kind
def mirrored_png(path: Path) -> Seen:
    exif = Image.Exif()
    exif[0x0112] = 2
    halves(BLUE, RED).save(path, "PNG", exif=exif)
    return RED, BLUE


@kind
def one_pixel_png(path: Path) -> Seen:
    Image.new("RGB", (1, 1), RED).save(path, "PNG")
    return RED, RED


@kind
def one_pixel_wide_png(path: Path) -> Seen:
    Image.new("RGB", (1, 500), BLUE).save(path, "PNG")
    return BLUE, BLUE


@kind
def very_large_jpeg(path: Path) -> Seen:
    image = Image.new("RGB", (20_000, 4_000), RED)
    image.paste(BLUE, (10_000, 0, 20_000, 4_000))
    image.save(path, "JPEG", quality=50)
    return RED, BLUE


@kind
def very_large_png(path: Path) -> Seen:
    image = Image.new("1", (12_000, 8_000), 0)
    image.paste(1, (6_000, 0, 12_000, 8_000))
    image.save(path, "PNG")
    return BLACK, WHITE


@kind
def webp(path: Path) -> Seen:
    halves(RED, BLUE).save(path, "WEBP", lossless=True)
    return RED, BLUE


@kind
def transparent_webp(path: Path) -> Seen:
    halves((*RED, 255), (*BLUE, 0), "RGBA").save(path, "WEBP", lossless=True)
    return RED, WHITE


@kind
def tiff(path: Path) -> Seen:
    halves(RED, BLUE).save(path, "TIFF")
    return RED, BLUE


@kind
def deflated_16_bit_tiff(path: Path) -> Seen:
    values = np.full((SIDE, SIDE), 65_535, np.uint16)
    values[:, : SIDE // 2] = 0
    Image.fromarray(values).save(path, "TIFF", compression="tiff_adobe_deflate")
    return BLACK, WHITE


@kind
def float_tiff(path: Path) -> Seen:
    values = np.full((SIDE, SIDE), 128.0, np.float32)
    values[:, : SIDE // 2] = 0
    Image.fromarray(values).save(path, "TIFF")
    return BLACK, GREY


@kind
def float_tiff_from_zero_to_one(path: Path) -> Seen:
    values = np.full((SIDE, SIDE), 1.0, np.float32)
    values[:, : SIDE // 2] = 0.5
    Image.fromarray(values).save(path, "TIFF")
    return GREY, WHITE


@kind
def lab_tiff(path: Path) -> Seen:
    halves((255, 128, 128), (0, 128, 128), "LAB").save(path, "TIFF")
    return WHITE, BLACK


@kind
def one_bit_png(path: Path) -> Seen:
    halves(0, 1, "1").save(path, "PNG")
    return BLACK, WHITE


@kind
def bmp(path: Path) -> Seen:
    halves(RED, BLUE).save(path, "BMP")
    return RED, BLUE


STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda seen: seen,
    2: lambda seen: seen[:, ::-1],
    3: lambda seen: seen[::-1, ::-1],
    4: lambda seen: seen[::-1],
    5: lambda seen: seen.swapaxes(0, 1),
    6: lambda seen: np.rot90(seen),
    7: lambda seen: seen[::-1, ::-1].swapaxes(0, 1),
    8: lambda seen: np.rot90(seen, -1),
}
"""How a file stores what a person sees, by its EXIF orientation (CIPA DC-008, 4.6.4)."""


def oriented(folder: Path, orientation: int, format: str) -> tuple[Path, np.ndarray]:
    """A file with an orientation, and what is seen: 64 x 96, with a colour in each corner."""
    seen = np.zeros((64, 96, 3), np.uint8)
    seen[:32, :48], seen[:32, 48:], seen[32:, :48] = RED, BLUE, WHITE
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = folder / f"{orientation}.{format}"
    options = {"quality": 95, "subsampling": 0} if format == "jpeg" else {}
    stored = np.ascontiguousarray(STORED[orientation](seen))
    Image.fromarray(stored).save(path, format, exif=exif, **options)
    return path, seen


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "zero bytes": (lambda path: path.touch(), "file is empty"),
    "missing": (lambda path: None, "file is missing"),
    "folder": (lambda path: path.mkdir(), "path is a folder"),
    "pipe": (lambda path: os.mkfifo(path), "path is a pipe, not a file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "path is a device, not a file"),
    "socket": (lambda path: _listen(path), "path is a socket, not a file"),
    "text": (lambda path: path.write_text("no image"), "file is not an image of a known format"),
    "truncated PNG": (lambda path: _cut(path, "PNG"), "image is truncated"),
    "truncated JPEG": (lambda path: _cut(path, "JPEG"), "image is truncated"),
    "only a header": (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n"), "file is not an image"),
    "too many pixels": (
        lambda path: Image.new("1", (30_000, 8_000)).save(path, "PNG"),
        "image has too many pixels",
    ),
}
"""How to make a file that cannot be decoded, and what should be said of it."""


def _listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def _cut(path: Path, format: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path, format)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
