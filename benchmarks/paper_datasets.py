"""The paper's two data sets with ``simple_cnn``: agreement, images left to inspect, speed.

``python benchmarks/paper_datasets.py [--data FOLDER] [--only mnist|cifar10] [--rate-only]``

The main run calls the operator's engine on a real FiftyOne dataset, all splits, ``folds=1``. The
rates are taken apart from it: our trainer and a plain torch loop over the same model, with
normalised tensors already in memory, take turns of one epoch over 12,800 images.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import own_database  # noqa: E402
from real_data import ImageSet, data_folder, load  # noqa: E402

PAPER = {"mnist": ("label", 0.993, 490), "cifar10": ("clean_label", 0.7713, 13_722)}
RATE_IMAGES = 12_800
RATE_ROUNDS = 3


def main_run(name: str, images: ImageSet, label: np.ndarray) -> dict[str, Any]:
    """Find label errors on the whole data set, as a user would."""
    import fiftyone as fo

    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings

    dataset = fo.Dataset()
    samples = [
        fo.Sample(filepath=p, tags=[s], ground_truth=fo.Classification(label=str(y)))
        for p, s, y in zip(images.paths, images.splits, label, strict=True)
    ]
    dataset.add_samples(samples, progress=False)
    del samples
    started = time.perf_counter()
    # The paper's network on colour images too, for which another one is usual.
    given = {"label_field": "ground_truth", "model": "simple_cnn", "folds": 1}
    settings = Settings.from_mapping(given)
    result = find_label_errors(dataset, settings, _print_progress(name))
    seconds = time.perf_counter() - started
    epochs = dataset_epochs(dataset)
    dataset.delete()
    return {
        "agreement": round(result["accuracy"], 4),
        "to_inspect": result["misclassified"],
        "epochs": epochs,
        "seconds": round(seconds),
    }


def dataset_epochs(dataset: Any) -> int:
    """The epochs that the run chose."""
    from plugin.store.runs import load_run

    return load_run(dataset, "deconfuse").iteration().settings["epochs"]


def _print_progress(name: str) -> Any:
    last = [0.0]

    def report(progress: float | None, label: str) -> None:
        if time.monotonic() - last[0] > 30:
            last[0] = time.monotonic()
            print(f"  {name}: {progress or 0:.0%} {label}", file=sys.stderr, flush=True)

    return report


def rates(images: ImageSet, label: np.ndarray, channels: int, size: int) -> dict[str, Any]:
    """Images a second of our trainer and of a plain torch loop, taking turns."""
    import torch

    from plugin.images.decoded import Pixels
    from plugin.learning.classifiers import Architecture
    from plugin.learning.device import choose_device, reproducible
    from plugin.learning.pictures import Normalisation, Pictures
    from plugin.learning.recipe import Recipe
    from plugin.learning.training import Trainer
    from plugin.progress import silent

    index = {name: i for i, name in enumerate(sorted(set(label.tolist())))}
    target = np.array([index[y] for y in label[:RATE_IMAGES]], np.int64)
    shape = Architecture("simple_cnn", len(index), channels, size)
    device = choose_device("auto")
    chosen = np.arange(RATE_IMAGES)
    ours, plain = [], []
    with Pixels(images.paths[:RATE_IMAGES], size, channels, silent) as pixels, reproducible(51):
        recipe = Recipe(1, 128, 1, device, 51)
        pictures = Pictures(pixels, Normalisation.of(pixels, chosen), device)
        for _ in range(RATE_ROUNDS):
            trainer = Trainer(shape, pictures, target, recipe)
            started = time.perf_counter()
            trainer.train(chosen, silent)
            ours.append(RATE_IMAGES / (time.perf_counter() - started))
            plain.append(_plain_loop(shape, pixels, target, device))
        threads = torch.get_num_threads()
    return {
        "images_per_second": round(statistics.median(ours)),
        "plain_loop": round(statistics.median(plain)),
        "share_of_plain": round(
            statistics.median(a / b for a, b in zip(ours, plain, strict=True)), 2
        ),
        "threads": threads,
        "device": str(device),
    }


def _plain_loop(shape: Any, pixels: Any, target: np.ndarray, device: Any) -> float:
    import torch
    from torch.nn import functional as F

    from plugin.learning.classifiers import build

    x = torch.from_numpy(pixels.in_memory).float().div(255).sub(0.5).div(0.25)
    x, y = x.to(device), torch.from_numpy(target).to(device)
    model = build(shape).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    started = time.perf_counter()
    for start in range(0, len(x), 128):
        loss = F.cross_entropy(model(x[start : start + 128]), y[start : start + 128])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return len(x) / (time.perf_counter() - started)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--only", choices=list(PAPER))
    parser.add_argument("--rate-only", action="store_true")
    options = parser.parse_args()
    folder = data_folder(options.data)
    own_database.start()
    rows = {}
    for name, (column, paper, paper_images) in PAPER.items():
        if options.only not in (None, name):
            continue
        images = load(name, folder)
        label = images.labels[column]
        channels, size = (1, 28) if name == "mnist" else (3, 32)
        row = rates(images, label, channels, size)
        if not options.rate_only:
            row |= main_run(name, images, label)
            row |= {"paper_agreement": paper, "paper_to_inspect": paper_images}
        rows[name] = row
        for key, value in row.items():
            print(f"{name:8} {key:20} {value}")
    print(json.dumps({"benchmark": "paper_datasets", **rows}))


if __name__ == "__main__":
    main()
