"""Scoring predictions and writing the scores, beside FiftyOne Brain's mistakenness.

``python benchmarks/score_and_write.py [--sizes 10000 100000 1000000] [--wide]``

``find_label_errors`` with ``source="predictions"`` reads logits, scores, stores the iteration and
writes five fields; ``fob.compute_mistakenness`` reads the same logits and writes one. The rival
takes minutes, so it runs on the first samples of the same dataset, and its time is scaled by
sample. Each size runs in a process of its own, whose peak memory is taken above what it holds
before the run. ``--wide`` adds a run at 1,000 classes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import made_dataset  # noqa: E402
import own_database  # noqa: E402

RIVAL_AT = 100_000
RIVAL_SAMPLES = 2_000


def resident_mb() -> float:
    """Memory that the process holds now, in MB."""
    import psutil

    return psutil.Process().memory_info().rss / 1e6


class PeakMemory(threading.Thread):
    """Watches the process's memory while something runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = self.before = resident_mb()
        self._done = threading.Event()

    def run(self) -> None:
        """Sample it every 20 ms."""
        while not self._done.wait(0.02):
            self.peak = max(self.peak, resident_mb())

    def stop(self) -> float:
        """The peak above the start, in MB."""
        self._done.set()
        self.join()
        return self.peak - self.before


def measure(name: str) -> dict[str, float]:
    """Run on one dataset, in this process."""
    import fiftyone as fo

    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings

    dataset = fo.load_dataset(name)
    # The dataset has no image files: looking for near-duplicates among them would measure nothing.
    options = {"label_field": "ground_truth", "source": "predictions", "duplicates": False}
    settings = Settings.from_mapping({**options, "prediction_fields": ["model"]})
    warm = Settings.from_mapping({**options, "prediction_fields": ["model"], "run_key": "warm"})
    find_label_errors(dataset.limit(2_000), warm)
    memory = PeakMemory()
    memory.start()
    started = time.perf_counter()
    result = find_label_errors(dataset, settings)
    seconds = time.perf_counter() - started
    peak = memory.stop()
    row = {
        "samples": result["samples"],
        "classes": result["classes"],
        "seconds": round(seconds, 2),
        "per_second": round(result["samples"] / seconds),
        "microseconds_a_sample": round(seconds / result["samples"] * 1e6, 1),
        "peak_mb_above_start": round(peak),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if result["samples"] == RIVAL_AT:
        row |= rival(dataset, row["microseconds_a_sample"])
    return row


def rival(dataset: object, ours: float) -> dict[str, float]:
    """FiftyOne Brain on the first samples of the same dataset."""
    import fiftyone.brain as fob

    view = dataset.limit(RIVAL_SAMPLES)  # type: ignore[attr-defined]
    started = time.perf_counter()
    fob.compute_mistakenness(view, "model", label_field="ground_truth", use_logits=True)
    theirs = (time.perf_counter() - started) / RIVAL_SAMPLES * 1e6
    return {
        "mistakenness_microseconds_a_sample": round(theirs, 1),
        "times_faster": round(theirs / ours, 1),
    }


def main() -> None:
    """Make the datasets, run each size in a process of its own, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--wide", action="store_true")
    parser.add_argument("--measure")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    own_database.start()
    rows = []
    cases = [(n, 10) for n in options.sizes] + ([(20_000, 1_000)] if options.wide else [])
    for samples, classes in cases:
        dataset = made_dataset.make(f"made-{samples}-{classes}", samples, classes)
        output = subprocess.run(
            [sys.executable, __file__, "--measure", dataset.name],
            env=os.environ,
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
        row = json.loads(output.splitlines()[-1])
        rows.append(row)
        print("  ".join(f"{k} {v}" for k, v in row.items()), flush=True)
        dataset.delete()
    print(json.dumps({"benchmark": "score_and_write", "rows": rows}))


if __name__ == "__main__":
    main()
