"""The cleaning cycle by importance on one pair of classes with human label errors.

``python benchmarks/cleaning_cycle.py [--data FOLDER] [--rounds 6] [--size 50]``

The pair is the one that ``rank_by_importance`` proposes on CIFAR-10N's aggregate labels; the data
are what carries one of its two labels. In each round a simulated annotator looks at 50 samples and
gives them their original label, or removes what belongs to neither class; then all is scored again.
AUROC is that of the logistic regression by which the cycle itself is judged: five folds, on the
labels as they are by then. Vectors are the logits of a network that was trained out of fold.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
from importance import logits_of  # noqa: E402
from real_data import data_folder, load  # noqa: E402

from plugin.importance.advice import Round, advice  # noqa: E402
from plugin.importance.index import ImportanceIndex  # noqa: E402
from plugin.scoring.margin import suspicion  # noqa: E402
from plugin.scoring.probabilities import log_probabilities  # noqa: E402

NETWORK = "resnet18"
RANDOM_SEEDS = 5

Score = Callable[[ImportanceIndex], np.ndarray]


def cycle(
    vectors: np.ndarray, label: np.ndarray, truth: np.ndarray, score: Score, options: Any
) -> dict[str, Any]:
    """Errors found and AUROC after each round.

    Args:
        vectors: (n, d)
        label: (n,), 0 or 1, as people gave it
        truth: (n,), 0, 1, or −1 for neither
        score: which samples to look at first, from the index as it is by then
        options: ``rounds`` and ``size``
    """
    index = ImportanceIndex(vectors, label, 2)
    seen = np.zeros(len(label), bool)
    found, auroc, rounds = [0], [float(index.auroc().mean())], [Round(0, 0, None)]
    stop = None
    for number in range(1, options.rounds + 1):
        order = np.argsort(-np.where(seen, -np.inf, score(index)), kind="stable")[: options.size]
        seen[order] = True
        index.update(order, truth[order])
        index.rescore()
        found.append(int((label[seen] != truth[seen]).sum()))
        auroc.append(float(index.auroc().mean()))
        rounds.append(Round(int(seen.sum()), found[-1], auroc[-1]))
        if stop is None and advice(rounds) in ("auroc", "fixes", "both"):
            stop = number
    return {"found": found, "auroc": auroc, "stop": stop}


def mean_of(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The average of several cycles."""
    return {name: np.mean([run[name] for run in runs], axis=0) for name in ("found", "auroc")} | {
        "stop": None
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--size", type=int, default=50)
    options = parser.parse_args()
    folder = data_folder(options.data)
    images = load("cifar10", folder)
    train = images.splits == "train"
    human, clean = (
        images.labels["human_aggregate_label"][train],
        images.labels["clean_label"][train],
    )
    classes = sorted(set(clean.tolist()))
    label = np.array([classes.index(y) for y in human])
    p = np.load(folder / "cifar10n_aggregate_probs.npz")[NETWORK].astype(np.float64)
    vectors = logits_of(p)
    first = ImportanceIndex(vectors, label, len(classes)).begin()[0]
    pair = np.array([first.label, first.prediction])
    chosen = np.flatnonzero(np.isin(label, pair))
    given = np.searchsorted(np.sort(pair), label[chosen])
    names = [classes[i] for i in np.sort(pair)]
    truth = np.array([names.index(y) if y in names else -1 for y in clean[chosen]])
    wrong = given != truth
    print(
        f"{classes[first.label]} and {classes[first.prediction]}: {len(chosen):,} samples, "
        f"{wrong.sum():,} wrong ({wrong.mean():.1%}); {first.share:.1%} of "
        f"{classes[first.label]} are predicted {classes[first.prediction]}\n"
    )
    margin = suspicion(log_probabilities(p[chosen]), label[chosen])

    def run(score: Score) -> dict[str, Any]:
        return cycle(vectors[chosen], given, truth, score, options)

    def shuffled(seed: int) -> dict[str, Any]:
        drawn = np.random.default_rng(seed).random(len(chosen))
        return run(lambda index: drawn)

    rows = {
        f"random, mean of {RANDOM_SEEDS}": mean_of([shuffled(s) for s in range(RANDOM_SEEDS)]),
        "suspicion": run(lambda index: margin),
        "**importance**": run(lambda index: np.nan_to_num(index.importance, nan=-1.0)),
    }
    numbers = range(options.rounds + 1)
    for what, form in (("found", "{:.0f}"), ("auroc", "{:.4f}")):
        title = {"found": "errors found", "auroc": "AUROC"}[what]
        print(f"| {title} after round | {' | '.join(map(str, numbers))} |")
        print(f"|---|{'---|' * len(numbers)}")
        for name, row in rows.items():
            print(f"| {name} | {' | '.join(form.format(v) for v in row[what])} |")
        print()
    print(f"Advice to stop with importance: {rows['**importance**']['stop'] or 'not yet'}")
    plain = {
        name: {
            "found": [round(float(v), 1) for v in row["found"]],
            "auroc": [round(float(v), 5) for v in row["auroc"]],
            "stop": row["stop"],
        }
        for name, row in rows.items()
    }
    print(json.dumps({"benchmark": "cleaning_cycle", "pair": names, "cycles": plain}))


if __name__ == "__main__":
    main()
