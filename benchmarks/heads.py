"""How long the three heads take on features, stage by stage, and how much memory.

``python benchmarks/heads.py [--images 50000] [--features 1280] [--classes 10]``

Made features, no data needed: 40 directions of which some tell the class, mixed into so many
features with noise; a tenth of the labels is drawn at random. Seconds are those of the processors,
of all threads together, since others may use the machine; those of the wall stand beside them.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from plugin.learning.device import reproducible  # noqa: E402
from plugin.learning.heads import out_of_fold  # noqa: E402

DIRECTIONS = 40
NOISE = 0.1
PART = 5_000


def made(images: int, width: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, d) and labels (n,)."""
    draw = np.random.default_rng(0)
    label = draw.integers(0, classes, images)
    towards = draw.normal(size=(classes, DIRECTIONS)).astype(np.float32)
    mixed = draw.normal(size=(DIRECTIONS, width)).astype(np.float32)
    rows = np.empty((images, width), np.float32)
    for start in range(0, images, PART):
        of = label[start : start + PART]
        low = draw.normal(size=(len(of), DIRECTIONS)) + 0.7 * towards[of]
        rows[start : start + PART] = low @ mixed + draw.normal(size=(len(of), width))
    wrong = draw.random(images) < NOISE
    label[wrong] = draw.integers(0, classes, wrong.sum())
    return rows, label


class Stages:
    """The processors' seconds of each stage, by what is reported."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._began = "", time.process_time()

    def __call__(self, progress: float | None, label: str) -> None:
        """Take a report."""
        stage = label.partition(", step")[0].partition(":")[0]
        if stage != self._stage:
            self.close()
            self._stage = stage

    def close(self) -> None:
        """Count what the last stage took."""
        now = time.process_time()
        if self._stage:
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._began
        self._began = now


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=1_280)
    parser.add_argument("--classes", type=int, default=10)
    options = parser.parse_args()
    rows, label = made(options.images, options.features, options.classes)
    before = resource.getrusage(resource.RUSAGE_SELF)
    began, wall = time.process_time(), time.monotonic()
    stages = Stages()
    with reproducible(51):
        said = out_of_fold(rows, label, None, 51, classes=options.classes, report=stages)
    stages.close()
    taken, wall = time.process_time() - began, time.monotonic() - wall
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before.ru_maxrss) / 1024
    print(f"{options.images:,} × {options.features:,}, {options.classes} classes: ", end="")
    print(f"{taken:.0f} s of one core, {wall:.0f} s by the clock, {grown:.0f} MB more at most")
    for name, seconds in sorted(stages.seconds.items(), key=lambda item: -item[1]):
        print(f"  {seconds:6.1f} s  {name}")
    print(said.said)
    shown = {name: round(seconds, 1) for name, seconds in stages.seconds.items()}
    result = {"benchmark": "heads", **vars(options), "seconds": round(taken, 1), "stages": shown}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
