"""How well planted errors in tags are found: missing and spurious, in one order.

``python benchmarks/tags.py [--data FOLDER] [--seeds 5] [--photographs] [--large]``

256 COCO photographs with 735 tags of 80 classes (a tag for each class with a box there), and what a
small detector says: the highest score that it gives each class, or a list of classes with
confidences. A twentieth of the tags is dropped, and as many are put elsewhere, anew for each seed.
AP is that of a ranking against the planted errors of its kind, and of both kinds in one order;
effort is how many tags and candidates are looked at until half and four fifths of all are found.
What is not labelled in COCO itself counts against every ranking alike.

Rivals see the same: cleanlab's label quality of each tag (self-confidence), and the order of
confidence, how sure the model is that the label is wrong. FiftyOne's mistakenness of tags is one
number an image, from logits: how sure they are, and whether all tags are as predicted. So it ranks
images only (the last column, where the others rank an image by its worst tag).
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import own_database  # noqa: E402
from object_data import average_precision, effort  # noqa: E402
from real_data import data_folder  # noqa: E402
from tag_data import Planted, Tagged, load_tags, plant  # noqa: E402

from plugin.tags import scoring  # noqa: E402
from plugin.tags.scoring import FOLDS, error_rates, learn  # noqa: E402

COLUMNS = ("missing", "spurious", "both", "effort 50%", "effort 80%", "images")
Ranking = tuple[np.ndarray, np.ndarray]
"""How suspect each tag is, and each that is not there: float (n, C) each."""


def log_odds(p: np.ndarray) -> np.ndarray:
    """Of probabilities; NaN stays."""
    held = np.clip(p, 1e-3, 1 - 1e-3)
    return np.log(held) - np.log1p(-held)


def ours(scores: list[np.ndarray], tag: np.ndarray, seed: int = 51) -> tuple[Ranking, Any]:
    """Suspicion of every tag and every other one."""
    n, classes = tag.shape
    fold = np.random.default_rng(seed).permutation(n) % FOLDS
    prevalence = (tag.sum(axis=0) + 0.5) / (n + 1)
    known = [np.ones(classes, bool) for _ in scores]
    model = learn(scores, tag, fold, prevalence, known, seed)
    applies = model.applies(scores, tag, fold)
    left_out, put = error_rates(model.prior, model.share)
    missing = applies + np.log(left_out) - np.log1p(-put)
    return (-applies + np.log(put) - np.log1p(-left_out), missing), model


def without_other_tags(scores: list[np.ndarray], tag: np.ndarray) -> Ranking:
    """The same, were tags to say nothing of each other."""
    kept = scoring.pool_weights
    scoring.pool_weights = lambda *given: np.array([1.0] * given[3] + [0.0])
    try:
        return ours(scores, tag)[0]
    finally:
        scoring.pool_weights = kept


def calibrated_only(scores: list[np.ndarray], tag: np.ndarray) -> Ranking:
    """The same, were errors as frequent among rare tags as among frequent ones."""
    _, model = ours(scores, tag)
    fold = np.random.default_rng(51).permutation(len(tag)) % FOLDS
    applies = model.applies(scores, tag, fold)
    return -applies, applies


def cleanlab(p: np.ndarray, tag: np.ndarray) -> Ranking:
    """One minus its label quality, by self-confidence."""
    from cleanlab.multilabel_classification.rank import get_label_quality_scores_per_class

    given = [np.flatnonzero(row).tolist() for row in tag]
    score = 1 - get_label_quality_scores_per_class(given, np.nan_to_num(p))
    return score, score


def by_confidence(p: np.ndarray, tag: np.ndarray) -> Ranking:
    """Missing by confidence, and spurious by the lack of it."""
    sure = np.nan_to_num(p)
    return -sure, sure - 1


def mistakenness(data: Tagged, tag: np.ndarray) -> np.ndarray:
    """FiftyOne's, of each image: float (n,)."""
    import fiftyone as fo
    import fiftyone.brain as fob

    def labels(row: np.ndarray) -> Any:
        named = [fo.Classification(label=data.classes[c]) for c in np.flatnonzero(row)]
        return fo.Classifications(classifications=named)

    samples = []
    for i, name in enumerate(data.files):
        said = labels(data.scores[i] > 0.5)
        said.logits = log_odds(data.scores[i])
        samples.append(fo.Sample(filepath=f"/nowhere/{name}", gt=labels(tag[i]), said=said))
    dataset = fo.Dataset()
    dataset.add_samples(samples, progress=False)
    fob.compute_mistakenness(dataset, "said", "gt", use_logits=True, progress=False)
    found = np.array([np.nan if v is None else v for v in dataset.values("mistakenness")], float)
    dataset.delete()
    return found


def judged(ranking: Ranking, planted: Planted) -> dict[str, float]:
    """AP by kind, of both in one order, effort, and AP of the images with an error."""
    spurious, missing = ranking
    tag = planted.tag
    wrong = np.concatenate([planted.missing[~tag], planted.spurious[tag]])
    score = np.concatenate([missing[~tag], spurious[tag]])
    of = {
        "missing": (missing[~tag], planted.missing[~tag]),
        "spurious": (spurious[tag], planted.spurious[tag]),
        "both": (score, wrong),
    }
    found = {k: average_precision(s, w, int(w.sum())) for k, (s, w) in of.items()}
    for share in (0.5, 0.8):
        found[f"effort {share:.0%}"] = effort(score, wrong, int(wrong.sum()), share)
    worst = np.where(tag, spurious, missing).max(axis=1)
    found["images"] = image_ap(worst, planted)
    return found


def image_ap(score: np.ndarray, planted: Planted) -> float:
    """AP of the images with a planted error."""
    wrong = np.asarray((planted.missing | planted.spurious).any(axis=1))
    return average_precision(np.nan_to_num(score, nan=-1e9), wrong, int(wrong.sum()))


def measure(data: Tagged, seeds: int, vectors: np.ndarray | None) -> dict[str, dict[str, float]]:
    """Every ranking on every planting: the mean."""
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    odds, listed = log_odds(data.scores), log_odds(data.listed)
    for seed in range(seeds):
        planted = plant(data.truth, seed)
        tag = planted.tag
        began = time.process_time()
        found, model = ours([odds], tag)
        told = {"share": model.share, "CPU s": time.process_time() - began}
        rows["Deconfuse, scores"].append(judged(found, planted) | told)
        for name, said in (("scores", odds), ("listed", listed)):
            if name == "listed":
                found, model = ours([said], tag)
                told = {"share": model.share}
                rows["Deconfuse, listed"].append(judged(found, planted) | told)
            alone = without_other_tags([said], tag)
            rows[f"… {name}, without the other tags"].append(judged(alone, planted))
            only = calibrated_only([said], tag)
            rows[f"… {name}, calibrated only"].append(judged(only, planted))
        for name, p in (("scores", data.scores), ("listed", data.listed)):
            rows[f"cleanlab, {name}"].append(judged(cleanlab(p, tag), planted))
            rows[f"confidence, {name}"].append(judged(by_confidence(p, tag), planted))
        images = image_ap(mistakenness(data, tag), planted)
        rows["FiftyOne mistakenness, scores"].append({"images": images})
        if vectors is not None:
            heads = heads_on(vectors, tag)
            rows["Deconfuse, no model: heads on features"].append(
                judged(ours(heads, tag)[0], planted)
            )
    return {
        name: {k: float(np.mean([row[k] for row in of])) for k in of[0]}
        for name, of in rows.items()
    }


def heads_on(vectors: np.ndarray, tag: np.ndarray) -> list[np.ndarray]:
    """What cross-validated heads say."""
    from plugin.learning.device import reproducible
    from plugin.learning.sigmoid_heads import tags_out_of_fold

    with tempfile.TemporaryDirectory() as folder, reproducible(51):
        said = tags_out_of_fold(vectors, tag, None, 51, Path(folder))
        return [np.asarray(one, np.float32) for one in said.values()]


def features(data: Tagged, folder: Path) -> np.ndarray:
    """Of the photographs, by the network that is installed with the plugin."""
    import torch

    from plugin.images.windows import windows_of
    from plugin.vectors.named_networks import named_network
    from plugin.vectors.network_features import network_features

    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(folder / "coco128.zip") as archive:
            archive.extractall(scratch)
        paths = [str(Path(scratch) / name) for name in data.files]
        found, problems = network_features(
            paths,
            named_network(None, None, None),
            torch.device("cpu"),
            Path(scratch),
            lambda progress, label: None,
            windows=windows_of(paths),
        )
        assert not problems, problems
        return np.array(found, np.float32)


def large(images: int, classes: int, batch: int = 1_000) -> dict[str, float]:
    """As many images with as many classes, a batch at a time, learnt from some of them."""
    from plugin.tags.reading import images_to_learn_from

    generator = np.random.default_rng(0)
    often = np.clip(generator.pareto(1.0, classes) * 2e-3, 2 / images, 0.3)

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
        tag = generator.random((n, classes), np.float32) < often
        noise = generator.standard_normal((n, classes), np.float32)
        return tag, np.where(tag, 2.0, -4.0).astype(np.float32) + 1.5 * noise

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    some = images_to_learn_from(classes)
    tag, odds = drawn(some)
    model = learn([odds], tag, np.arange(some) % FOLDS, often, [np.ones(classes, bool)], 51)
    learnt = time.process_time() - began
    items = 0
    for start in range(0, images, batch):
        tag, odds = drawn(batch)
        items += len(model.score([odds], tag, np.arange(start, start + batch) % FOLDS).tag)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "images": images,
        "classes": classes,
        "items": items,
        "CPU s": time.process_time() - began,
        "of which learning": learnt,
        "MB above the start": (peak - before) / 1024,
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--photographs", action="store_true", help="heads on a network's features")
    parser.add_argument("--large", type=int, default=0, help="images for the test of size")
    parser.add_argument("--classes", type=int, default=1_000, help="classes for the test of size")
    options = parser.parse_args()
    folder = data_folder(options.data)
    own_database.start()
    data = load_tags(folder)
    vectors = features(data, folder) if options.photographs else None
    results = measure(data, options.seeds, vectors)
    print("| ranking |", " | ".join(COLUMNS), "|")
    print("|---|" + "---|" * len(COLUMNS))
    for name, found in results.items():
        cells = ["–" if c not in found else number(found[c]) for c in COLUMNS]
        print(f"| {name} | " + " | ".join(cells) + " |")
    size = large(options.large, options.classes) if options.large else {}
    print("\n", {k: v for k, v in results["Deconfuse, scores"].items() if k not in COLUMNS}, size)
    print(json.dumps({"benchmark": "tags", "rankings": results, "large": size}))


def number(value: float) -> str:
    """A share with three digits, a count without."""
    return f"{value:.3f}" if value < 10 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
