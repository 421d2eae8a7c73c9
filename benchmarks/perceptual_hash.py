"""Whether a perceptual hash finds copies of photographs that the search without one leaves out.

    DECONFUSE_DATA=... python benchmarks/perceptual_hash.py [--photographs 1500] [--copies 300]

Copies of photographs of clothes are planted: saved again as JPEG, resized, cropped. The search by
structure and SSIM is given each kind alone. The hash is the usual 64-bit DCT one, and *all* pairs
of images with at most six bits between them count as proposed by it: more than any index would
find. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.real_data import data_folder
from plugin.duplicates.search import compute_signals, find_duplicates
from plugin.duplicates.ssim import ssim_pairs
from plugin.images.comparable import ComparableImages, look_at
from plugin.images.working_size import working_size
from plugin.progress import silent

BITS = 6
Change = Callable[[Image.Image], Image.Image]


def as_jpeg(quality: int) -> Change:
    def change(image: Image.Image) -> Image.Image:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        return Image.open(out)

    return change


def resized(scale: float) -> Change:
    return lambda image: image.resize(
        (round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS
    )


def cropped(share: float) -> Change:
    """Cut `share` of each side's length off, half of it at either end."""

    def change(image: Image.Image) -> Image.Image:
        x, y = image.width * share / 2, image.height * share / 2
        return image.crop((round(x), round(y), round(image.width - x), round(image.height - y)))

    return change


KINDS: dict[str, Change] = {
    "JPEG, quality 60": as_jpeg(60),
    "JPEG, quality 30": as_jpeg(30),
    "resized to 50 %": resized(0.5),
    "cropped by 5 %": cropped(0.05),
    "cropped by 10 %": cropped(0.10),
}


def hashes(images: Any) -> NDArray[np.uint64]:
    """The signs of the 8 x 8 lowest frequencies against their median, as 64 bits an image."""
    out = np.empty(len(images), np.uint64)
    for i in range(len(images)):
        grey = np.asarray(images[i], np.float64)
        low = dctn(grey.mean(-1) if grey.ndim == 3 else grey, norm="ortho")[:8, :8].ravel()
        out[i] = np.packbits(low > np.median(low[1:]) + 1e-3).view(np.uint64)[0]
    return out


def near_in_hash(found: NDArray[np.uint64]) -> NDArray[np.int64]:
    """All pairs with at most `BITS` bits between them, (m, 2)."""
    pairs = []
    for i in range(len(found) - 1):
        others = i + 1 + np.flatnonzero(np.bitwise_count(found[i + 1 :] ^ found[i]) <= BITS)
        pairs.append(np.stack([np.full_like(others, i), others], axis=1))
    return np.concatenate(pairs)


def measured(originals: list[Path], copied: list[int], change: Change, folder: Path) -> Any:
    """What the search finds of one kind of copy, and what the hash would add to it."""
    paths = [str(path) for path in originals]
    for i in copied:
        paths.append(str(folder / f"copy-{originals[i].stem}.png"))
        with Image.open(originals[i]) as image:
            change(image.convert("RGB")).save(paths[-1])
    looks = look_at(paths, silent)
    sizes = np.stack([looks.records["height"], looks.records["width"]], axis=1)
    size = working_size(map(tuple, sizes.tolist()))
    with ComparableImages(paths, size, colour=True, first_new=0, report=silent) as images:
        found = find_duplicates(images, compute_signals(images), scope="all")  # pyright: ignore
        by_hash = near_in_hash(hashes(images))
        ses = ssim_pairs(images, by_hash, dtype=torch.float64)  # pyright: ignore
        planted = {(i, len(originals) + at) for at, i in enumerate(copied)}
        own = np.array(sorted(planted))
        planted_ses = ssim_pairs(images, own, dtype=torch.float64)  # pyright: ignore
    kept = set(map(tuple, found.pairs.tolist()))
    listed = set(map(tuple, found.pairs[found.ses >= found.threshold].tolist()))
    hashed = set(map(tuple, by_hash.tolist()))
    more = set(map(tuple, by_hash[ses >= found.floor].tolist()))
    return {
        "copies": len(planted),
        "floor": round(found.floor, 3),
        "threshold": round(found.threshold, 3),
        "median_ses": round(float(np.median(planted_ses)), 3),
        "kept": len(planted & kept),
        "kept_with_hash": len(planted & (kept | more)),
        "listed": len(planted & listed),
        "above_floor": int((planted_ses >= found.floor).sum()),
        "hash_alone": len(planted & hashed),
        "hash_pairs": len(hashed),
        "pairs_added": len(more - kept),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=int, default=1_500)
    parser.add_argument("--copies", type=int, default=300)
    asked = parser.parse_args()
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(data_folder() / "clothing.zip") as archive:
            archive.extractall(folder)
        originals = sorted(
            p for p in Path(folder).rglob("*") if p.suffix in (".jpg", ".jpeg", ".png")
        )[: asked.photographs]
        copied = np.random.default_rng(5).choice(len(originals), asked.copies, replace=False)
        print("| kind | median SES | kept | with hash | listed | hash alone | its pairs |")
        print("|---|---|---|---|---|---|---|")
        for kind, change in KINDS.items():
            with tempfile.TemporaryDirectory() as place:
                row = measured(originals, sorted(copied.tolist()), change, Path(place))
            table[kind] = row
            print(
                f"| {kind} | {row['median_ses']} | {row['kept']} | {row['kept_with_hash']} | "
                f"{row['listed']} | {row['hash_alone']} | {row['hash_pairs']} |",
                flush=True,
            )
    print(json.dumps({"perceptual_hash": table}))


if __name__ == "__main__":
    main()
