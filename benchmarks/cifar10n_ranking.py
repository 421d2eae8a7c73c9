"""How well rankings find the human label errors of CIFAR-10N, from imported predictions.

``python benchmarks/cifar10n_ranking.py [--data FOLDER]``

50,000 training images carry the aggregate of three annotators' labels, 4,505 of which differ from
the original ones. The out-of-fold probabilities of three networks stand in three prediction fields
of a real dataset; ``find_label_errors`` with ``source="predictions"`` reads them there, and
suspicion is read back from the samples. Rivals rank by the same probabilities.
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
import own_database  # noqa: E402
from real_data import ImageSet, data_folder, load  # noqa: E402

NETWORKS = ("resnet18", "resnet50d", "efficientnet_b1")
CHUNK = 10_000


def import_predictions(images: ImageSet, label: np.ndarray, classes: list[str], p: Any) -> Any:
    """A dataset with one prediction field a network, its class lists shuffled."""
    import fiftyone as fo
    import fiftyone.core.utils as fou
    from bson import ObjectId

    dataset = fo.Dataset()
    empty = fo.Classification(label="", confidence=0.0, logits=np.zeros(2))
    dataset.add_sample(
        fo.Sample(filepath="/nowhere.jpg", label=empty, **dict.fromkeys(NETWORKS, empty))
    )
    collection = dataset._sample_collection
    template = collection.find_one()
    collection.delete_many({})
    order = {n: np.random.default_rng(i).permutation(len(classes)) for i, n in enumerate(NETWORKS)}
    for network in NETWORKS:
        dataset.classes[network] = [classes[j] for j in order[network]]
    dataset.save()
    for start in range(0, len(label), CHUNK):
        documents = []
        for i in range(start, min(start + CHUNK, len(label))):
            document = {**template, "_id": ObjectId(), "filepath": images.paths[i]}
            document["label"] = {**template["label"], "_id": ObjectId(), "label": str(label[i])}
            for network in NETWORKS:
                row = p[network][i].astype(np.float32)
                document[network] = {
                    **template[network],
                    "_id": ObjectId(),
                    "label": classes[int(row.argmax())],
                    "confidence": float(row.max()),
                    "logits": fou.serialize_numpy_array(row[order[network]]),
                }
            documents.append(document)
        collection.insert_many(documents)
    return dataset


def suspicion_of(dataset: Any, networks: tuple[str, ...], run_key: str) -> dict[str, np.ndarray]:
    """Suspicion and IIES that the product writes."""
    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings

    options = {"label_field": "label", "run_key": run_key, "source": "predictions"}
    settings = Settings.from_mapping({**options, "prediction_fields": list(networks)})
    find_label_errors(dataset, settings)
    fields = [f"{run_key}_suspicion", f"{run_key}_iies"]
    suspicion, iies = dataset.values(fields)
    return {"suspicion": np.array(suspicion), "iies": np.array(iies)}


def rivals(p: np.ndarray, label: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of other tools, larger is more suspect."""
    from cleanlab.rank import get_label_quality_scores

    scores = {
        f"cleanlab {method}": -get_label_quality_scores(label, p, method=method)
        for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
    }
    entropy = -(p * np.log(np.maximum(p, 1e-12))).sum(axis=1)
    sign = np.where(p.argmax(axis=1) == label, -1.0, 1.0)
    scores["FiftyOne mistakenness"] = (sign * np.exp(-entropy) + 1) / 2
    return scores


def row(score: np.ndarray, wrong: np.ndarray) -> dict[str, Any]:
    """The measures of one ranking."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    order = np.argsort(-score, kind="stable")
    found = np.cumsum(wrong[order]) / wrong.sum()
    effort = [round(float(np.searchsorted(found, q) + 1) / len(wrong), 3) for q in (0.8, 0.9, 0.95)]
    return {
        "auroc": round(float(roc_auc_score(wrong, score)), 4),
        "ap": round(float(average_precision_score(wrong, score)), 4),
        "p_at_n": round(float(wrong[order[: wrong.sum()]].mean()), 4),
        "effort_80_90_95": effort,
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    folder = data_folder(parser.parse_args().data)
    own_database.start()
    images = load("cifar10", folder)
    human, clean = images.labels["human_aggregate_label"], images.labels["clean_label"]
    train = images.splits == "train"
    human, clean = human[train], clean[train]
    p = np.load(folder / "cifar10n_aggregate_probs.npz")
    classes = sorted(set(clean.tolist()))
    wrong = human != clean
    dataset = import_predictions(images, human, classes, p)
    rows: dict[str, Any] = {}
    one = suspicion_of(dataset, NETWORKS[:1], "one")
    rows["Deconfuse suspicion, resnet18"] = row(one["suspicion"], wrong)
    rows["IIES (the paper), resnet18"] = row(one["iies"], wrong)
    index = np.array([classes.index(y) for y in human])
    for name, score in rivals(p["resnet18"].astype(np.float64), index).items():
        rows[f"{name}, resnet18"] = row(score, wrong)
    three = suspicion_of(dataset, NETWORKS, "three")
    rows["Deconfuse suspicion, three networks"] = row(three["suspicion"], wrong)
    mean = np.mean([p[n].astype(np.float64) for n in NETWORKS], axis=0)
    for name, score in rivals(mean / mean.sum(axis=1, keepdims=True), index).items():
        rows[f"{name}, mean of three"] = row(score, wrong)
    dataset.delete()
    print(f"| {'ranking':44} | AUROC | AP | P@n | effort 80 / 90 / 95 % |\n|---|---|---|---|---|")
    for name, r in rows.items():
        effort = " / ".join(f"{e:.3f}" for e in r["effort_80_90_95"])
        print(f"| {name:44} | {r['auroc']:.3f} | {r['ap']:.3f} | {r['p_at_n']:.3f} | {effort} |")
    print(json.dumps({"benchmark": "cifar10n_ranking", "rows": rows}))


if __name__ == "__main__":
    main()
