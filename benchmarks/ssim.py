"""SSIM of image pairs: pairs a second beside a scikit-image loop, on one thread, or on a GPU.

    python benchmarks/ssim.py [--device cuda] [--pairs 20000] [--threads 1]

Needs numpy, torch and scikit-image alone: images are made, smooth noise like a photograph's. Each
image is
in about ten pairs, as it is among near-duplicate candidates. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from plugin.duplicates.ssim import ssim_pairs

SHAPES = [(28, 28), (32, 32, 3), (64, 64, 3), (224, 224, 3), (480, 640, 3)]
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def made_images(count: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Noise at several scales, neighbours alike by half."""
    rng = np.random.default_rng(51)
    total = np.zeros((count, *shape))
    for cell in (2, 5, 13):
        size = (-(-shape[0] // cell), -(-shape[1] // cell), *shape[2:])
        coarse = rng.normal(size=(count, *size)) * 40
        fine = np.repeat(np.repeat(coarse, cell, axis=1), cell, axis=2)
        total += fine[:, : shape[0], : shape[1]]
    total[1:] = (total[1:] + total[:-1]) / 2
    return np.clip(total + 128, 0, 255).astype(np.uint8)


def loop(images: NDArray[np.uint8], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """What it is held against."""
    return np.array(
        [
            structural_similarity(
                images[i],
                images[j],
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
                data_range=255,
                channel_axis=-1 if images.ndim == 4 else None,
            )
            for i, j in pairs
        ]
    )


def measured(shape: tuple[int, ...], count: int, device: str) -> list[dict[str, object]]:
    """One row a precision."""
    pixels = int(np.prod(shape))
    count = max(100, min(count, count * 4 * 3072 // pixels))
    images = made_images(max(20, count // 10), shape)
    pairs = np.sort(np.random.default_rng(1).integers(0, len(images), (count, 2)), axis=0)
    few = pairs[:: max(1, count // max(30, 1_500_000 // pixels))]
    started = time.perf_counter()
    expected = loop(images, few)
    rate = len(few) / (time.perf_counter() - started)
    rows = []
    memory = (256 << 20) if device == "cpu" else (8 << 30)
    for name, dtype in DTYPES.items():
        if device == "mps" and name == "float64":
            continue
        options = {"device": device, "dtype": dtype, "memory": memory}
        error = float(np.abs(ssim_pairs(images, few, **options) - expected).max())
        best = 0.0
        for _ in range(3):
            started = time.perf_counter()
            ssim_pairs(images, pairs, **options)
            best = max(best, count / (time.perf_counter() - started))
        rows.append(
            {
                "image": "x".join(map(str, shape)),
                "precision": name,
                "pairs_a_second": round(best),
                "scikit_image": round(rate),
                "times": round(best / rate, 1),
                "largest_error": f"{error:.1e}",
            }
        )
    return rows


def main() -> None:
    """Measure every size and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pairs", type=int, default=20000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keys = ["image", "precision", "pairs_a_second", "scikit_image", "times", "largest_error"]
    print("| " + " | ".join(keys) + " |\n|" + "---|" * len(keys))
    rows = []
    for shape in SHAPES:
        for row in measured(shape, arguments.pairs, arguments.device):
            print("| " + " | ".join(str(row[key]) for key in keys) + " |", flush=True)
            rows.append(row)
    print(
        json.dumps(
            {
                "benchmark": "ssim",
                "device": arguments.device,
                "torch": torch.__version__,
                "rows": rows,
            }
        )
    )


if __name__ == "__main__":
    main()
