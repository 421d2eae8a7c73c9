"""What an ensemble finds when one of its models was trained on the labels that it is to judge.

``python benchmarks/trained_on_labels.py [--data FOLDER] [--images 10000]``

CIFAR-10N: so many images with the labels of the aggregate of three annotators, of the first one,
and the original ones with 1 % made wrong at random. Honest models: three networks' imported
probabilities, out of fold, and heads out of fold on features. Beside them one that has seen the
labels, by degrees: neighbours that vote for themselves, a small network on the features after 10,
30 and 80 epochs, a random forest, the labels themselves, and a network to which 2 nats were added
for each label. Printed is P@n of the mean of all suspicions, of what ``weigh`` makes of them by
4,000 of the samples, and of the honest ones alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from real_data import data_folder, load  # noqa: E402
from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from plugin.learning.device import reproducible  # noqa: E402
from plugin.learning.heads import out_of_fold  # noqa: E402
from plugin.scoring.margin import suspicion  # noqa: E402
from plugin.scoring.probabilities import from_logits, log_probabilities  # noqa: E402
from plugin.scoring.weighing import weigh  # noqa: E402

NETWORKS = ("resnet18", "resnet50d", "efficientnet_b1")
EPOCHS = (10, 30, 80)
ASKED = 4_000
LEAST = 1e-4
WORSE = 0.002

Models = dict[str, np.ndarray]


def small_network(x: np.ndarray, label: np.ndarray, epochs: int) -> np.ndarray:
    """Log-probabilities of a network of one hidden layer of its own training samples."""
    rows, target = torch.tensor((x - x.mean(axis=0)) / x.std(axis=0)), torch.tensor(label)
    width = rows.shape[1]
    net = torch.nn.Sequential(
        torch.nn.Linear(width, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)
    )
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(epochs):
        for part in torch.randperm(len(target)).split(256):
            optimiser.zero_grad()
            F.cross_entropy(net(rows[part]), target[part]).backward()
            optimiser.step()
    with torch.no_grad():
        return F.log_softmax(net(rows), dim=1).double().numpy()


def that_saw(x: np.ndarray, label: np.ndarray, network: np.ndarray) -> Models:
    """Models that were trained on the labels, and what they say of the same samples."""
    own = np.eye(10)[label]
    votes = KNeighborsClassifier(30, weights="distance", metric="cosine").fit(x, label)
    forest = RandomForestClassifier(60, random_state=0).fit(x[:, :40], label)
    found = {
        "votes for themselves": log_probabilities(np.maximum(votes.predict_proba(x), LEAST)),
        "random forest": log_probabilities(np.maximum(forest.predict_proba(x[:, :40]), LEAST)),
        "the labels": np.log(0.002 / 9 + (0.998 - 0.002 / 9) * own),
        "resnet18 and 2 nats": from_logits(network + 2 * own),
    }
    return found | {f"network, {e} epochs": small_network(x, label, e) for e in EPOCHS}


def p_at_n(models: list[np.ndarray], label: np.ndarray, wrong: np.ndarray) -> float:
    """Of the mean suspicion of models."""
    score = np.mean([suspicion(m, label) for m in models], axis=0)
    return float(wrong[np.argsort(-score, kind="stable")[: wrong.sum()]].mean())


def measured(honest: Models, saw: Models, label: np.ndarray, wrong: np.ndarray) -> list[Any]:
    """One row for each honest set beside each model that saw the labels."""
    rows: list[Any] = []
    for base in (["resnet18"], list(NETWORKS), ["heads"], ["resnet18", "heads"]):
        for name in [None, *saw]:
            names = base + ([name] if name else [])
            if len(names) < 2:
                continue
            models = [honest.get(n, saw.get(n, np.empty(0))) for n in names]
            made = weigh([m[:ASKED] for m in models], label[:ASKED], names)
            found = [
                p_at_n(models, label, wrong),
                p_at_n(made(models), label, wrong),
                p_at_n([honest[n] for n in base], label, wrong),
            ]
            rows.append([" + ".join(base), name or "none", *(round(p, 4) for p in found)])
            rows[-1].append(round(float(made.weights[-1]), 2) if name else None)
    return rows


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--images", type=int, default=10_000)
    options = parser.parse_args()
    folder = data_folder(options.data)
    images = load("cifar10", folder)
    draw = np.random.default_rng(0)
    some = np.sort(draw.permutation(int((images.splits == "train").sum()))[: options.images])
    names = np.unique(images.labels["clean_label"])
    truth = np.searchsorted(names, images.labels["clean_label"][some])
    planted = np.where(
        draw.random(len(some)) < 0.01, (truth + draw.integers(1, 10, len(some))) % 10, truth
    )
    x = np.load(folder / "cifar10_features.npz")["features"][some].astype(np.float32)
    p = np.load(folder / "cifar10n_aggregate_probs.npz")
    networks = {n: log_probabilities(p[n][some].astype(np.float64)) for n in NETWORKS}
    result: dict[str, Any] = {"benchmark": "trained_on_labels", "images": len(some)}
    for title, label in {
        "aggregate": np.searchsorted(names, images.labels["human_aggregate_label"][some]),
        "random1": np.searchsorted(names, images.labels["human_random1_label"][some]),
        "1 % at random": planted,
    }.items():
        with reproducible(51):
            heads = out_of_fold(x, label, None, 51, classes=10).log_probabilities
            honest = networks | {"heads": heads.astype(np.float64)}
            saw = that_saw(x, label, networks["resnet18"])
            rows = measured(honest, saw, label, label != truth)
        result[title] = rows
        print(f"\n| {title} | beside | mean of all | weighed | honest alone | its weight |")
        print("|---|---|---|---|---|---|")
        for base, name, plain, weighed, alone, weight in rows:
            mark = " (worse)" if weighed < plain - WORSE else ""
            print(
                f"| {base} | {name} | {plain:.3f} | {weighed:.3f}{mark} | {alone:.3f} | {weight} |"
            )
        means = np.mean([row[2:5] for row in rows], axis=0).round(4).tolist()
        print(f"| mean of {len(rows)} | | {means[0]} | {means[1]} | {means[2]} | |", flush=True)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
