"""Near-duplicates beside imagededup's CNN method, both on the same vectors.

    python -m venv /tmp/with-imagededup && /tmp/with-imagededup/bin/pip install imagededup
    DECONFUSE_DATA=... python benchmarks/imagededup_cnn.py --python /tmp/with-imagededup/bin/python

imagededup keeps an n x n matrix of float16, twice while it is put together: 14 GB at 60,000 images.
So it is given fewer, and only its search is timed (its own network would come on top). Prints a
table and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import duplicates as own

from plugin.duplicates.search import compute_signals, find_duplicates
from plugin.duplicates.ssim import ssim_pairs

RIVAL = """
import json, resource, sys, time
import numpy as np, torch
from imagededup.methods import CNN
from imagededup.utils import CustomModel
vectors, threshold, workers = np.load(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(workers)
cnn = CNN(verbose=False, model_config=CustomModel(
    model=torch.nn.Identity(), transform=lambda image: image, name="vectors that are given"))
names = {str(i): row for i, row in enumerate(vectors)}
started = time.perf_counter()
found = cnn.find_duplicates(
    encoding_map=names, min_similarity_threshold=threshold, num_sim_workers=workers)
seconds = time.perf_counter() - started
pairs = [[int(a), int(b)] for a, others in found.items() for b in others if int(a) < int(b)]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak_mb": peak, "pairs": pairs}))
"""


def measured(folder: Path, name: str, count: int, python: str, threads: int) -> dict[str, Any]:
    """Seconds of both searches, and precision and recall of the rival at its best threshold."""
    images, _, _, copied = own.shuffled(folder, name, count)
    signals = compute_signals(images)
    started = time.perf_counter()
    found = find_duplicates(images, signals, scope="all")
    seconds = time.perf_counter() - started
    listed = own.listed_of(found)
    wanted = {(int(i), int(j)) for i, j in listed.pairs}
    subset = {(i, j) for i, j in wanted if j < own.SUBSET}
    cut = own.best_cut(signals.structure[: own.SUBSET], subset)["cosine"]
    with tempfile.TemporaryDirectory() as home:
        kept = Path(home) / "vectors.npy"
        np.save(kept, signals.structure)
        command = [python, "-c", RIVAL, str(kept), str(1 - cut), str(threads)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    rival = json.loads(done.stdout.strip().splitlines()[-1])
    pairs = np.array(rival["pairs"], np.int64).reshape(-1, 2)
    high = pairs[ssim_pairs(images, pairs) >= found.threshold] if len(pairs) else pairs
    known = wanted | {(int(i), int(j)) for i, j in high}
    copies = {(int(i), count + at) for at, i in enumerate(copied)}
    return {
        "data": name,
        "images": count,
        "seconds": round(seconds, 1),
        "rival_seconds": round(rival["seconds"], 1),
        "times_faster": round(rival["seconds"] / seconds, 1),
        "rival_peak_mb": round(rival["peak_mb"]),
        "copies_found": len(copies & wanted),
        "recall_of_known": round(len(wanted) / max(len(known), 1), 3),
        "rival_copies_found": len(copies & {(int(i), int(j)) for i, j in pairs}),
        "rival_precision": round(len(high) / max(len(pairs), 1), 3),
        "rival_recall_of_known": round(len(high) / max(len(known), 1), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("DECONFUSE_DATA"))
    parser.add_argument("--python", required=True, help="an interpreter that has imagededup")
    parser.add_argument("--data", nargs="+", default=["cifar10", "mnist"])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    if asked.folder is None:
        parser.error("say where the data is: an argument or DECONFUSE_DATA")
    torch.set_num_threads(asked.threads)
    rows = [
        measured(Path(asked.folder), name, asked.images, asked.python, asked.threads)
        for name in asked.data
    ]
    own.table(rows)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
