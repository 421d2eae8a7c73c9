"""How much must be looked at to find the human label errors of CIFAR-10N, by order of review.

``python benchmarks/cifar10n_effort.py [--data FOLDER] [--train [--images N] [--epochs E]``
``[--iterations I] [--labels aggregate random1]] [--scratch [--images N] [--epochs E]``
``[--models simple_cnn:1 fast_resnet:1 fast_resnet:3]] [--features]``

Without ``--train``: orders computed from the imported out-of-fold probabilities, for the aggregate
labels and the first annotator's. Filters of cleanlab show what they flag first, in order of
self-confidence, and then the rest in the same order. The paper's order goes through the cells by
CIES and through each cell by IIES; what is classified as labelled comes after that at random.

With ``--train``: ``simple_cnn`` is trained on the labels by ``find_label_errors``, an annotator
resolves the most suspicious 6 % of the samples, and it
is trained again on what the labels are by then. The orders of the first iteration stand beside it.

With ``--scratch``: each of ``--models``, trained from nothing with so many folds by
``find_label_errors`` on the first ``--images`` images; its time is that of the processor, decoding
and writing included. On a CPU name a part of the images.

With ``--features``: heads out of fold on features of a pretrained network as well, and both
together: with the imported networks as the product weighs them, from scratch by the sum of the
two standardised suspicions.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import own_database  # noqa: E402
from cifar10n_ranking import rivals  # noqa: E402
from photographs import standardised  # noqa: E402
from real_data import ImageSet, data_folder, load  # noqa: E402

from plugin.scoring.cies import cies  # noqa: E402
from plugin.scoring.iies import iies  # noqa: E402
from plugin.scoring.margin import suspicion  # noqa: E402
from plugin.scoring.probabilities import log_probabilities  # noqa: E402
from plugin.scoring.weighing import weigh  # noqa: E402

NETWORKS = ("resnet18", "resnet50d", "efficientnet_b1")
LABELS = {"aggregate": "human_aggregate_label", "random1": "human_random1_label"}
FILTERS = (
    "prune_by_noise_rate",
    "prune_by_class",
    "both",
    "confident_learning",
    "predicted_neq_given",
    "low_self_confidence",
)
SHARES = (0.8, 0.9, 0.95)
MODELS = ("simple_cnn:1", "fast_resnet:1", "fast_resnet:3")
"""What ``--scratch`` trains: model and folds."""
BUDGET = 0.06
"""Share of the samples that the annotator resolves before the next training."""


def paper_order(
    label: np.ndarray, prediction: np.ndarray, p_max: np.ndarray, p_label: np.ndarray
) -> np.ndarray:
    """Samples by the size of their cell, and in a cell by IIES; the others at random."""
    classes = int(max(label.max(), prediction.max())) + 1
    size = cies(label, prediction, classes)[label, prediction]
    wrong = label != prediction
    shuffled = np.random.default_rng(0).random(len(label))
    cell = label * classes + prediction
    return np.lexsort((shuffled, -iies(p_max, p_label), cell, -np.where(wrong, size, 0), ~wrong))


def measured(order: np.ndarray, wrong: np.ndarray) -> dict[str, Any]:
    """P@n and effort of an order of review."""
    found = np.cumsum(wrong[order]) / wrong.sum()
    effort = [round(float((np.searchsorted(found, q) + 1) / len(wrong)), 4) for q in SHARES]
    return {"p_at_n": round(float(wrong[order[: wrong.sum()]].mean()), 4), "effort": effort}


def orders(p: np.ndarray, label: np.ndarray) -> dict[str, np.ndarray]:
    """Each rival's order of review from probabilities."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    rows = np.arange(len(label))
    found = {
        "random": np.random.default_rng(0).permutation(len(label)),
        "the paper: cells by CIES, inside by IIES": paper_order(
            label, p.argmax(axis=1), p.max(axis=1), p[rows, label]
        ),
    }
    for name, score in rivals(p, label).items():
        found[name] = np.argsort(-score, kind="stable")
    quality = get_label_quality_scores(label, p, method="self_confidence")
    for name in FILTERS:
        flagged = find_label_issues(label, p, filter_by=name, n_jobs=1)
        found[f"cleanlab filter {name} ({int(np.sum(flagged)):,} flagged)"] = np.lexsort(
            (quality, ~np.asarray(flagged, bool))
        )
    return found


WEIGHED_BY = 10_000
"""Samples by which the product weighs ten classes of a few models."""


def by_features(folder: Path, chosen: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Log-probabilities of the heads that ``source="features"`` fits, on features that are kept."""
    from plugin.learning.device import reproducible
    from plugin.learning.heads import out_of_fold

    rows = np.load(folder / "cifar10_features.npz")["features"][chosen].astype(np.float32)
    began = time.process_time()
    with reproducible(51):
        said = out_of_fold(rows, label, None, 51, classes=int(label.max()) + 1)
    seconds = time.process_time() - began
    print(f"features: {said.said} {seconds:.0f} s of one core", file=sys.stderr, flush=True)
    return said.log_probabilities.astype(np.float64)


def weighed(models: list[np.ndarray], label: np.ndarray, names: list[str]) -> np.ndarray:
    """Suspicion by several models as the product makes it of fields of predictions."""
    some = np.sort(np.random.default_rng(51).permutation(len(label))[:WEIGHED_BY])
    made = weigh([m[some] for m in models], label[some], names)
    print(*made.said, *made.doubts, file=sys.stderr, flush=True)
    return suspicion(np.stack(made(models)), label)


def imported(
    folder: Path, images: ImageSet, name: str, options: argparse.Namespace
) -> dict[str, Any]:
    """The orders from imported probabilities."""
    train = images.splits == "train"
    human, clean = images.labels[LABELS[name]][train], images.labels["clean_label"][train]
    classes = sorted(set(clean.tolist()))
    label = np.array([classes.index(y) for y in human])
    wrong = human != clean
    p = np.load(folder / "cifar10n_aggregate_probs.npz")
    every = [p[network].astype(np.float64) for network in NETWORKS]
    rows: dict[str, Any] = {}
    for title, models in (("resnet18", every[:1]), ("three networks", every)):
        mean = np.mean(models, axis=0)
        mean /= mean.sum(axis=1, keepdims=True)
        for rival, order in orders(mean, label).items():
            rows[f"{rival}, {title}"] = measured(order, wrong)
        said = [log_probabilities(m) for m in models]
        score = suspicion(np.stack(said), label)
        rows[f"mean suspicion, {title}"] = measured(np.argsort(-score, kind="stable"), wrong)
        score = weighed(said, label, list(NETWORKS[: len(said)])) if len(said) > 1 else score
        rows[f"**suspicion, {title}**"] = measured(np.argsort(-score, kind="stable"), wrong)
    if options.features:
        heads = by_features(folder, np.flatnonzero(train), label)
        said = [log_probabilities(m) for m in every]
        for title, score in (
            ("features", suspicion(heads, label)),
            ("resnet18 and features", weighed([said[0], heads], label, [NETWORKS[0], "features"])),
            (
                "three networks and features",
                weighed([*said, heads], label, [*NETWORKS, "features"]),
            ),
        ):
            rows[f"**suspicion, {title}**"] = measured(np.argsort(-score, kind="stable"), wrong)
    return rows


def trained(images: ImageSet, name: str, options: argparse.Namespace) -> dict[str, Any]:
    """The same with a classifier that is trained here, over iterations."""
    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings
    from plugin.store.iterations import unpack_ids
    from plugin.store.runs import load_run

    chosen = np.flatnonzero(images.splits == "train")[: options.images]
    human, clean = images.labels[LABELS[name]][chosen], images.labels["clean_label"][chosen]
    dataset = _dataset(images, chosen, human)
    ids: list[str] = dataset.values("id")
    place = {sample_id: at for at, sample_id in enumerate(ids)}
    wrong = human != clean
    settings = Settings.from_mapping(
        {
            "label_field": "label",
            "model": "simple_cnn",
            "epochs": options.epochs,
            "duplicates": False,
        }
    )
    rows: dict[str, Any] = {}
    reviewed: list[int] = []
    for number in range(1, options.iterations + 1):
        made = find_label_errors(dataset, settings)
        run = load_run(dataset, "deconfuse")
        iteration = run.iteration()
        at = np.array([place[i] for i in unpack_ids(iteration.column("sample_id"))])
        columns = ["label", "prediction", "p_max", "p_label", "suspicion"]
        label, prediction, p_max, p_label, score = (iteration.column(c) for c in columns)
        if number == 1:
            first = {
                "random": np.random.default_rng(0).permutation(len(at)),
                "the paper: cells by CIES, inside by IIES": paper_order(
                    label, prediction, p_max, p_label
                ),
                "cleanlab self_confidence": np.argsort(p_label, kind="stable"),
                "**suspicion, one iteration**": np.argsort(-score, kind="stable"),
            }
            rows |= {title: measured(at[order], wrong) for title, order in first.items()}
        known = set(reviewed)
        queue = [i for i in at[np.argsort(-score, kind="stable")].tolist() if i not in known]
        last = number == options.iterations
        part = queue if last else queue[: int(BUDGET * len(ids))]
        if not last:
            decide(run, [ids[i] for i in part], dict(zip(ids, clean.tolist(), strict=True)))
        reviewed += part
        share = wrong[reviewed[: int(BUDGET * len(ids)) * number]].sum() / wrong.sum()
        print(
            f"iteration {number}: agreement {made['accuracy']:.4f}, found {share:.1%}", flush=True
        )
    title = f"**suspicion, {options.iterations} iterations**"
    rows[title] = measured(np.array(reviewed), wrong)
    dataset.delete()
    return rows


def _dataset(images: ImageSet, chosen: np.ndarray, human: np.ndarray) -> Any:
    """A dataset of some images with human labels."""
    import fiftyone as fo

    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(filepath=images.paths[at], label=fo.Classification(label=str(y)))
            for at, y in zip(chosen.tolist(), human, strict=True)
        ],
        progress=False,
    )
    return dataset


def from_scratch(
    folder: Path, images: ImageSet, name: str, options: argparse.Namespace
) -> dict[str, Any]:
    """Suspicion by networks that begin with nothing, and their time."""
    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings
    from plugin.store.iterations import unpack_ids
    from plugin.store.runs import load_run

    chosen = np.flatnonzero(images.splits == "train")[: options.images]
    human, clean = images.labels[LABELS[name]][chosen], images.labels["clean_label"][chosen]
    dataset = _dataset(images, chosen, human)
    place = {sample_id: at for at, sample_id in enumerate(dataset.values("id"))}
    rows: dict[str, Any] = {}
    heads = None
    if options.features:
        label = np.searchsorted(np.unique(clean), human)
        heads = suspicion(by_features(folder, chosen, label), label)
        rows["features"] = measured(np.argsort(-heads, kind="stable"), human != clean)
    for asked in options.models:
        model, _, folds = asked.partition(":")
        given = {"label_field": "label", "source": "train", "model": model, "duplicates": False}
        given |= {"epochs": options.epochs, "folds": int(folds or 1)}
        started = time.process_time()
        made = find_label_errors(dataset, Settings.from_mapping(given))
        seconds = time.process_time() - started
        iteration = load_run(dataset, "deconfuse").iteration()
        at = np.array([place[i] for i in unpack_ids(iteration.column("sample_id"))])
        score = np.empty(len(at))
        score[at] = iteration.column("suspicion")
        order = np.argsort(-score, kind="stable")
        noted = iteration.settings
        title = f"{model}, folds {noted['folds']}, {noted['epochs']} epochs, {noted['device']}"
        title += f": agreement {made['accuracy']:.3f}, {seconds:.0f} s of one core"
        rows[title] = measured(order, human != clean)
        if heads is not None:
            both = standardised(score) + standardised(heads)
            order = np.argsort(-both, kind="stable")
            rows[f"{model}, folds {noted['folds']}, and features"] = measured(order, human != clean)
        print(f"{title}, P@n {rows[title]['p_at_n']:.3f}", file=sys.stderr, flush=True)
    dataset.delete()
    return rows


def decide(run: Any, sample_ids: list[str], truth: dict[str, str]) -> None:
    """Confirm or relabel samples as they should be."""
    from plugin.decisions.resolve import resolve

    now = dict(zip(*run.dataset.select(sample_ids).values(["id", "label.label"]), strict=True))
    resolve(run, "confirm", [i for i in sample_ids if now[i] == truth[i]])
    for name in sorted(set(truth.values())):
        chosen = [i for i in sample_ids if truth[i] == name != now[i]]
        if chosen:
            resolve(run, "relabel", chosen, label=name)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--scratch", action="store_true")
    parser.add_argument("--features", action="store_true")
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    parser.add_argument("--labels", choices=LABELS, nargs="*", default=list(LABELS))
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--iterations", type=int, default=3)
    options = parser.parse_args()
    folder = data_folder(options.data)
    images = load("cifar10", folder)
    if options.train or options.scratch:
        own_database.start()
    result: dict[str, Any] = {"benchmark": "cifar10n_effort", "train": options.train}
    for name in options.labels:
        if options.scratch:
            rows = from_scratch(folder, images, name, options)
        elif options.train:
            rows = trained(images, name, options)
        else:
            rows = imported(folder, images, name, options)
        result[name] = rows
        print(f"\n| {name} | P@n | effort 80 / 90 / 95 % |\n|---|---|---|")
        for title, row in rows.items():
            effort = " / ".join(f"{e:.3f}" for e in row["effort"])
            print(f"| {title} | {row['p_at_n']:.3f} | {effort} |", flush=True)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
