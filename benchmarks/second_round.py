"""What verdicts on the first suspects bring to the second round.

``python benchmarks/second_round.py [--data FOLDER] [--images 5000] [--seeds 3]``
``[--only predictions photographs features]``

All samples are ranked by suspicion; an annotator who knows the truth judges the first ``k``, a
wrong label gets the right one, and the rest is ranked again. Counted is how many wrong labels are
among the next ``k`` of: the first ranking, as if nothing had been learnt; heads that are fitted to
the labels as they are by then; and these with suspicion moved by the verdicts, as the product does.

*features*: so many of CIFAR-10N's images, drawn by seed, with people's errors (the aggregate of
three annotators and the first annotator's), heads on features of a pretrained network.
*predictions*: all 50,000 with three networks' imported probabilities, which learn nothing from
corrections.
*photographs*: 3,068 of clothes with 150 labels made wrong at random, for each seed anew.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
from photographs import planted  # noqa: E402
from real_data import data_folder, load  # noqa: E402

from plugin.scoring.decided import Verdicts, evidence_of  # noqa: E402
from plugin.scoring.margin import suspicion  # noqa: E402
from plugin.scoring.probabilities import log_probabilities  # noqa: E402
from plugin.vectors.features import PrincipalComponents, from_probabilities  # noqa: E402

NETWORKS = ("resnet18", "resnet50d", "efficientnet_b1")
LABELS = {"aggregate": "human_aggregate_label", "random1": "human_random1_label"}
JUDGED = (0.03, 0.06)
"""Shares of the samples that are judged after the first round."""
RANKINGS = ("first ranking", "labels corrected", "and moved by the verdicts")

Classify = Callable[[np.ndarray], np.ndarray]


def found(
    classify: Classify, features: np.ndarray, label: np.ndarray, truth: np.ndarray, k: int
) -> list[int]:
    """Errors left, and those among the next ``k`` of each ranking.

    Args:
        classify: log-probabilities (n, C) or (models, n, C), out of fold, from labels
        features: (n, f), as an iteration keeps them
        label: (n,), class indices
        truth: (n,), what they should be
        k: how many are judged
    """
    wrong = label != truth
    first = suspicion(classify(label), label)
    judged = np.argsort(-first, kind="stable")[:k]
    corrected = label.copy()
    corrected[judged] = truth[judged]
    second = suspicion(classify(corrected), label)  # open labels are as they were
    verdicts = Verdicts(label[judged], second[judged], wrong[judged], features[judged])
    evidence = evidence_of(verdicts)
    moved = second if evidence is None else second + evidence(label, features)
    counts = [int(np.delete(wrong, judged).sum())]
    for score in (first, second, moved):
        left = np.where(np.isin(np.arange(len(label)), judged), -np.inf, score)
        counts.append(int(wrong[np.argsort(-left, kind="stable")[:k]].sum()))
    return counts


def by_heads(vectors: np.ndarray, classes: int) -> Classify:
    """Heads out of fold; labels that were asked for before are not fitted again."""
    from plugin.learning.device import reproducible
    from plugin.learning.heads import out_of_fold

    kept: dict[bytes, np.ndarray] = {}

    def classify(label: np.ndarray) -> np.ndarray:
        if label.tobytes() not in kept:
            with reproducible(51):
                said = out_of_fold(vectors, label, None, 51, classes=classes)
            kept[label.tobytes()] = said.log_probabilities.astype(np.float64)
        return kept[label.tobytes()]

    return classify


Case = tuple[str, int, Classify, np.ndarray, np.ndarray, np.ndarray]


def cases(folder: Path, options: argparse.Namespace) -> Iterator[Case]:
    """Name, seed, classifier, features, labels and truth of each case."""
    if "photographs" in options.only:
        yield from photographs(folder, options.seeds)
    images = load("cifar10", folder)
    train = images.splits == "train"
    names = np.unique(images.labels["clean_label"][train])
    truth = np.searchsorted(names, images.labels["clean_label"][train])
    for column, of in LABELS.items():
        label = np.searchsorted(names, images.labels[of][train])
        if "predictions" in options.only:
            p = np.load(folder / "cifar10n_aggregate_probs.npz")
            models = np.stack([log_probabilities(p[n].astype(np.float64)) for n in NETWORKS])
            features = from_probabilities(list(models)).astype(np.float32)
            yield f"{column}, three networks", 0, lambda _, m=models: m, features, label, truth
        if "features" in options.only:
            every = np.load(folder / "cifar10_features.npz")["features"]
            for seed in range(options.seeds):
                drawn = np.random.default_rng(seed).permutation(len(label))[: options.images]
                some = np.sort(drawn)
                vectors = every[some].astype(np.float32)
                kept = PrincipalComponents(vectors, 51)(vectors).astype(np.float32)
                classify = by_heads(vectors, len(names))
                yield f"{column}, features", seed, classify, kept, label[some], truth[some]


def photographs(folder: Path, seeds: int) -> Iterator[Case]:
    """Photographs with labels that are made wrong."""
    import torch

    from plugin.learning.networks import load_network
    from plugin.progress import silent
    from plugin.vectors.network_features import network_features

    images = load("clothing", folder)
    given = images.labels["label"]
    names = np.unique(given)
    with tempfile.TemporaryDirectory() as kept:
        device = torch.device("cpu")
        read, _ = network_features(images.paths, load_network(), device, Path(kept), silent)
        vectors = np.array(read)
    features = PrincipalComponents(vectors, 51)(vectors).astype(np.float32)
    truth = np.searchsorted(names, given)
    for seed in range(seeds):
        label = np.searchsorted(names, planted(given, seed))
        yield "photographs", seed, by_heads(vectors, len(names)), features, label, truth


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--images", type=int, default=5_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=["predictions", "photographs", "features"])
    options = parser.parse_args()
    rows: dict[str, list[list[int]]] = {}
    for name, seed, classify, features, label, truth in cases(data_folder(options.data), options):
        for share in JUDGED:
            k = round(share * len(label))
            counts = found(classify, features, label, truth, k)
            rows.setdefault(f"{name}, {k:,}", []).append(counts)
            print(name, seed, k, counts, file=sys.stderr, flush=True)
    print(f"| labels, judged and next | draws | left | {' | '.join(RANKINGS)} |")
    print("|---|---|---|---|---|---|")
    for name, counts in rows.items():
        means = " | ".join(f"{mean:,.1f}" for mean in np.mean(counts, axis=0))
        print(f"| {name} | {len(counts)} | {means} |")
    result: dict[str, Any] = {"benchmark": "second_round", "images": options.images, "found": rows}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
