"""How many errors copies hide, and how many are found where copies stay in one fold.

``python benchmarks/grouped_folds.py [--data FOLDER] [--seeds 5]``

3,068 photographs of clothes; 150 labels are made wrong at random. Then copies are added, a tenth of
all photographs, and each carries the wrong label of what it is a copy of: the photographs with a
wrong label come twice to four times. Counted is how many of the 150 are among the first 150 and 300
photographs of the ranking, where each photograph counts once: heads on the same features, with
and without what is nearly equal in one fold. Without copies stands beside it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from photographs import counted, planted  # noqa: E402
from real_data import data_folder, load  # noqa: E402

from plugin.duplicates.groups import connected  # noqa: E402
from plugin.learning.heads import out_of_fold  # noqa: E402
from plugin.learning.networks import load_network  # noqa: E402
from plugin.progress import silent  # noqa: E402
from plugin.scoring.margin import suspicion  # noqa: E402
from plugin.vectors.bursts import near_pairs  # noqa: E402
from plugin.vectors.network_features import network_features  # noqa: E402

COPIES = 0.1


def found(
    features: np.ndarray, label: np.ndarray, classes: int, wrong: np.ndarray, *, together: bool
) -> list[int]:
    """Planted errors among the first photographs; those after ``wrong`` are copies."""
    groups = connected(near_pairs(features), len(features)) if together else None
    said = out_of_fold(features, label, groups, 51, classes=classes)
    score = suspicion(said.log_probabilities, label)[: len(wrong)]
    return counted(score, wrong)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    images = load("clothing", data_folder(options.data))
    given = images.labels["label"]
    classes = np.unique(given)
    with tempfile.TemporaryDirectory() as folder:
        device = torch.device("cpu")
        read, _ = network_features(images.paths, load_network(), device, Path(folder), silent)
        features = np.array(read)
    rows: dict[str, list[list[int]]] = {}
    for seed in range(options.seeds):
        label = planted(given, seed)
        wrong = label != given
        generator = np.random.default_rng(seed)
        copied = generator.choice(np.flatnonzero(wrong), int(COPIES * len(given)))
        every = np.r_[np.arange(len(given)), copied]
        index = np.searchsorted(classes, label)
        for name, chosen, together in (
            ("no copies", np.arange(len(given)), True),
            ("with copies, each alone", every, False),
            ("with copies, copies in one fold", every, True),
        ):
            counts = found(features[chosen], index[chosen], len(classes), wrong, together=together)
            rows.setdefault(name, []).append(counts)
            print(seed, name, counts, file=sys.stderr, flush=True)
    print("| folds | seeds | in the first 150 | in the first 300 | of 150 |\n|---|---|---|---|---|")
    for name, counts in rows.items():
        few, many = np.mean(counts, axis=0)
        print(f"| {name} | {len(counts)} | {few:.1f} | {many:.1f} | {many / 150:.0%} |")
    print(json.dumps({"benchmark": "grouped_folds", "found": rows}))


if __name__ == "__main__":
    main()
