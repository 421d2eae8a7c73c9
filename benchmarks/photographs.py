"""How soon and how well planted label errors are found in photographs, by what is done unasked.

``python benchmarks/photographs.py [--data FOLDER] [--seeds 5] [--train 1]``

3,068 photographs of clothes in ten classes; 150 labels are made wrong at random, anew for each
seed. Counted is how many of them are among the first 150 and 300 of a ranking. A part of the
labels that were given is wrong as well (shirt, longsleeve, t-shirt and outwear are mixed up by
the data set's makers), which counts against every ranking alike.

Rivals rank by the probabilities of the same head on the same features. ``--train`` says for how
many of the seeds the paper's way, a small network from scratch, is measured as well: it takes
minutes each.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import own_database  # noqa: E402
from cifar10n_ranking import rivals  # noqa: E402
from real_data import data_folder, load  # noqa: E402

PLANTED = 150
FIRST = (150, 300)
FIELD = "label"
SMALL = {"source": "train", "model": "simple_cnn"}
"""The paper's way: a small network from scratch on 64 pixels, out of fold."""


def planted(label: np.ndarray, seed: int) -> np.ndarray:
    """The labels with 150 of them made another class at random."""
    generator = np.random.default_rng(seed)
    classes = np.unique(label)
    wrong = label.copy()
    for i in generator.choice(len(label), PLANTED, replace=False):
        wrong[i] = generator.choice(classes[classes != label[i]])
    return wrong


def suspicion_of(dataset: Any, run_key: str, **options: Any) -> tuple[np.ndarray, float]:
    """Suspicion as the product writes it, and the seconds until it is there."""
    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings

    began = time.monotonic()
    given = {"label_field": FIELD, "run_key": run_key, "duplicates": False, **options}
    result = find_label_errors(dataset, Settings.from_mapping(given))
    seconds = time.monotonic() - began
    print(f"{run_key}: {result['source']}, {seconds:.0f} s. {result['chosen']}", file=sys.stderr)
    return np.array(dataset.values(f"{run_key}_suspicion")), seconds


def same_head(paths: list[str], label: np.ndarray, classes: int) -> np.ndarray:
    """The probabilities that ``source="features"`` scores: the same features, folds and head."""
    import torch

    from plugin.learning.heads import out_of_fold
    from plugin.learning.networks import load_network
    from plugin.progress import silent
    from plugin.vectors.network_features import network_features

    with tempfile.TemporaryDirectory() as folder:
        device = torch.device("cpu")
        features, _ = network_features(paths, load_network(), device, Path(folder), silent)
        said = out_of_fold(features, label, None, 51, classes=classes)
    return np.exp(said.log_probabilities.astype(np.float64))


def counted(score: np.ndarray, wrong: np.ndarray) -> list[int]:
    """How many planted errors are among the first of a ranking."""
    order = np.argsort(-score, kind="stable")
    return [int(wrong[order[:n]].sum()) for n in FIRST]


def standardised(score: np.ndarray) -> np.ndarray:
    """A score with mean 0 and spread 1, to be added to another one."""
    return (score - score.mean()) / score.std()


def measure(paths: list[str], given: np.ndarray, seeds: int, trained: int) -> dict[str, Any]:
    """The counts of each ranking, seed by seed, and the seconds that ours took."""
    import fiftyone as fo

    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=path) for path in paths], progress=False)
    classes = np.unique(given)
    found: dict[str, list[list[int]]] = {}
    seconds: dict[str, list[float]] = {}
    for seed in range(seeds):
        label = planted(given, seed)
        wrong = label != given
        dataset.set_values(FIELD, [fo.Classification(label=str(name)) for name in label])
        ours, took = suspicion_of(dataset, f"unasked{seed}")
        name = "Deconfuse, unasked"
        found.setdefault(name, []).append(counted(ours, wrong))
        seconds.setdefault(name, []).append(took)
        index = np.searchsorted(classes, label)
        by_rival = rivals(same_head(paths, index, len(classes)), index)
        for rival, score in by_rival.items():
            found.setdefault(f"{rival}, same head", []).append(counted(score, wrong))
        if seed < trained:
            small, took = suspicion_of(dataset, f"trained{seed}", **SMALL)
            name = "Deconfuse, source='train', model='simple_cnn'"
            found.setdefault(name, []).append(counted(small, wrong))
            seconds.setdefault(name, []).append(took)
            both = standardised(ours) + standardised(small)
            found.setdefault("both of ours together", []).append(counted(both, wrong))
            for rival, score in by_rival.items():
                both = standardised(score) + standardised(small)
                together = f"{rival} and simple_cnn together"
                found.setdefault(together, []).append(counted(both, wrong))
    dataset.delete()
    return {"found": found, "seconds": seconds}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--train", type=int, default=1, help="seeds for which to train as well")
    parser.add_argument("--first", type=int, help="only so many photographs, for a trial")
    options = parser.parse_args()
    folder = data_folder(options.data)
    own_database.start()
    images = load("clothing", folder)
    paths, given = images.paths[: options.first], images.labels["label"][: options.first]
    measured = measure(paths, given, options.seeds, options.train)
    print("| ranking | seeds | in the first 150 | in the first 300 | of 150 | seconds, then kept |")
    print("|---|---|---|---|---|---|")
    for name, counts in measured["found"].items():
        few, many = np.mean(counts, axis=0)
        took = measured["seconds"].get(name, [])
        shown = (
            f"{took[0]:.0f}" + (f", {np.mean(took[1:]):.0f}" if took[1:] else "") if took else ""
        )
        share = many / PLANTED
        print(f"| {name} | {len(counts)} | {few:.1f} | {many:.1f} | {share:.0%} | {shown} |")
    print(json.dumps({"benchmark": "photographs", "photographs": len(paths), **measured}))


if __name__ == "__main__":
    main()
