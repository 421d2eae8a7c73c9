"""How good the estimate of the errors left is, and whether the stopping rule keeps its word.

``python benchmarks/remaining.py [--data FOLDER] [--audits 1000] [--reviews 1000] [--labels …]``

CIFAR-10N's 50,000 human labels, the aggregate of three annotators (4,505 wrong) and the first
annotator's (8,617 wrong), with the mean log-odds margin of three networks as suspicion; verdicts
are the original labels. *Audits*: many at each size, beside a uniform sample of the same size with
Wilson's interval. *Reviews*: an annotator goes through the samples in order of suspicion and looks
at the distance to the target after every 100 samples. Audits of 500 to 2,000 samples are drawn at
the start, when the best guess says that the target is reached, and again after each further 2 % of
the data, until the rule says stop. A review stops short where fewer errors had been found. The
oracle stops at the first sample with which the share is reached.
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
from real_data import data_folder, load  # noqa: E402

from plugin.audit import stopping  # noqa: E402
from plugin.audit.estimator import interval, upper_bound  # noqa: E402
from plugin.audit.sampling import draw  # noqa: E402
from plugin.scoring.margin import suspicion  # noqa: E402
from plugin.scoring.probabilities import log_probabilities  # noqa: E402

NETWORKS = ("resnet18", "resnet50d", "efficientnet_b1")
LABELS = {"aggregate": "human_aggregate_label", "random1": "human_random1_label"}
SIZES = (200, 500, 1_000)
LOOK_EVERY = 100
AUDIT_EVERY = 0.02


def population(folder: Path, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Suspicion and errors of the training images."""
    images = load("cifar10", folder)
    train = images.splits == "train"
    human, clean = images.labels[column][train], images.labels["clean_label"][train]
    classes = sorted(set(clean.tolist()))
    label = np.array([classes.index(y) for y in human])
    p = np.load(folder / "cifar10n_aggregate_probs.npz")
    log_p = np.stack([log_probabilities(p[name]) for name in NETWORKS])
    return suspicion(log_p, label), human != clean


def audits(score: np.ndarray, wrong: np.ndarray, size: int, times: int) -> dict[str, Any]:
    """Bias, coverage and width of many audits, beside uniform ones."""
    truth, n = int(wrong.sum()), len(wrong)
    ours, uniform = np.empty((times, 3)), np.empty((times, 3))
    random = np.random.default_rng(size)
    for at in range(times):
        made = draw(score, size, seed=at)
        met = np.bincount(made.stratum[wrong[made.at]], minlength=len(made.population))
        found = interval(met, made.drawn, made.population)
        ours[at] = found.point, found.low, found.high
        some = random.choice(n, size, replace=False)
        found = interval(np.array([wrong[some].sum()]), np.array([size]), np.array([n]))
        uniform[at] = found.point, found.low, found.high
    return {
        "audit": _summary(ours, truth),
        "uniform": _summary(uniform, truth),
        "errors": truth,
    }


def _summary(found: np.ndarray, truth: int) -> dict[str, float]:
    covered = (found[:, 1] <= truth) & (truth <= found[:, 2])
    return {
        "bias": round(float(found[:, 0].mean() / truth - 1), 4),
        "coverage": round(float(covered.mean()), 4),
        "width": round(float((found[:, 2] - found[:, 1]).mean()), 1),
    }


class Review:
    """One simulated review of the whole run."""

    def __init__(self, score: np.ndarray, wrong: np.ndarray, size: int, share: float, seed: int):
        self.score, self.wrong, self.size, self.share = score, wrong, size, share
        self.decided = np.zeros(len(wrong), bool)
        self.random = np.random.default_rng(seed)
        self.order = np.argsort(-score, kind="stable")
        self.position = self.reviewed = self.found = 0
        self.bounds: list[float] = []  # of all errors, those found before the draw included
        self.guess = 0.0

    def decide(self, rows: np.ndarray) -> None:
        """Say what is right of some samples that are open."""
        self.decided[rows] = True
        self.reviewed += len(rows)
        self.found += int(self.wrong[rows].sum())

    def audit(self) -> None:
        """Draw an audit and judge it."""
        rows = np.flatnonzero(~self.decided)
        made = draw(self.score[rows], self.size, int(self.random.integers(2**62)))
        met = np.bincount(made.stratum[self.wrong[rows[made.at]]], minlength=len(made.population))
        alpha = stopping.spent(len(self.bounds) + 1, 1 - stopping.CONFIDENCE)
        self.guess = self.found + interval(met, made.drawn, made.population).point
        self.bounds.append(self.found + upper_bound(met, made.drawn, made.population, alpha))
        self.decide(rows[made.at])

    def stopped(self) -> bool:
        """Look at the distance to the target."""
        left = [bound - self.found for bound in self.bounds]
        unreviewed = len(self.wrong) - self.reviewed
        return stopping.distance(self.found, unreviewed, left, self.share).reached

    def go_on(self) -> None:
        """Look at the most suspicious samples that are open."""
        upcoming = self.order[self.position : self.position + LOOK_EVERY]
        self.position += LOOK_EVERY
        self.decide(upcoming[~self.decided[upcoming]])

    def run(self) -> tuple[float, int, int]:
        """The share found at the stop, samples reviewed, and audits drawn."""
        self.audit()
        next_audit = None
        while not self.stopped():
            if next_audit is None and self.found >= self.share * self.guess:
                next_audit = self.reviewed
            if next_audit is not None and self.reviewed >= next_audit:
                self.audit()
                next_audit = self.reviewed + int(AUDIT_EVERY * len(self.wrong))
            else:
                self.go_on()
        return self.found / self.wrong.sum(), self.reviewed, len(self.bounds)


def reviews(
    score: np.ndarray, wrong: np.ndarray, size: int, share: float, times: int
) -> dict[str, Any]:
    """How often reviews stop short, and how much they look at."""
    made = np.array([Review(score, wrong, size, share, seed).run() for seed in range(times)])
    cumulated = np.cumsum(wrong[np.argsort(-score, kind="stable")]) / wrong.sum()
    oracle = int(np.searchsorted(cumulated, share)) + 1
    n = len(wrong)
    return {
        "short": round(float((made[:, 0] < share).mean()), 4),
        "found": round(float(made[:, 0].mean()), 4),
        "reviewed": round(float(made[:, 1].mean() / n), 4),
        "reviewed_95": round(float(np.quantile(made[:, 1], 0.95) / n), 4),
        "oracle": round(oracle / n, 4),
        "audits": round(float(made[:, 2].mean()), 2),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--audits", type=int, default=1_000)
    parser.add_argument("--reviews", type=int, default=1_000)
    parser.add_argument("--labels", choices=LABELS, nargs="*", default=list(LABELS))
    options = parser.parse_args()
    folder = data_folder(options.data)
    result: dict[str, Any] = {"benchmark": "remaining", "audits": [], "reviews": []}
    print("| labels | n | bias | coverage | width | uniform: bias | coverage | width | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    held = {name: population(folder, LABELS[name]) for name in options.labels}
    for name, (score, wrong) in held.items():
        for size in SIZES:
            row = audits(score, wrong, size, options.audits)
            result["audits"].append({"labels": name, "n": size, **row})
            ours, other = row["audit"], row["uniform"]
            print(
                f"| {name} | {size:,} | {ours['bias']:+.2%} | {ours['coverage']:.1%} | "
                f"{ours['width']:,.0f} | {other['bias']:+.2%} | {other['coverage']:.1%} | "
                f"{other['width']:,.0f} | {other['width'] / ours['width']:.2f} |",
                flush=True,
            )
    names = "stopped short | found | reviewed | in 95 % of reviews at most | oracle | audits"
    print(f"\n| labels | target | audits of | {names} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, (score, wrong) in held.items():
        for share in (0.8, 0.9, 0.95):
            for size in (500, 1_000, 2_000):
                row = reviews(score, wrong, size, share, options.reviews)
                result["reviews"].append({"labels": name, "share": share, "n": size, **row})
                print(
                    f"| {name} | {share:.0%} | {size:,} | {row['short']:.1%} | {row['found']:.1%} "
                    f"| {row['reviewed']:.1%} | {row['reviewed_95']:.1%} | {row['oracle']:.1%} | "
                    f"{row['audits']:.1f} |",
                    flush=True,
                )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
