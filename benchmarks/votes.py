"""Three people's votes and a model on CIFAR-10N: which labels are wrong, and what the class is.

``python benchmarks/votes.py [--data FOLDER] [--large SAMPLES] [--whole SAMPLES]``

The votes are those of the three annotators of each training image, all of them and with two thirds
deleted at random (then the label that is judged counts as one more opinion, as it is no longer what
the votes say); the model is the mean of three networks' logarithms of out-of-fold probabilities.
Ranked are the aggregate labels, measured against CIFAR-10's own. Rivals in the same run: the
majority (ties go to the model's opinion), Dawid and Skene's model, and cleanlab's multiannotator
(CROWDLAB). With ``--large``, made votes: so many samples × 3 by 500 annotators of known accuracy.
With ``--whole``, the same in a dataset, by ``find_label_errors`` from the fields to the kept votes.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from cifar10n_effort import NETWORKS, measured  # noqa: E402
from real_data import data_folder  # noqa: E402
from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: E402

from plugin.scoring.margin import suspicion  # noqa: E402
from plugin.scoring.probabilities import from_logits, log_probabilities  # noqa: E402
from plugin.votes.ballots import Ballots, made_of_votes  # noqa: E402
from plugin.votes.consensus import fit_consensus  # noqa: E402

ANNOTATORS = ("annotator_1", "annotator_2", "annotator_3")
KEPT = 1 / 3
WRITTEN_AT_ONCE = 20_000


def read(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Votes (n, 3), aggregate labels, true labels, and the model's log-probabilities (n, C)."""
    with (folder / "cifar10_labels.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["split"] == "train"]
    classes = sorted({r["clean_label"] for r in rows})
    index = {name: i for i, name in enumerate(classes)}
    with (folder / "cifar10n_votes.csv").open() as file:
        votes = np.array([[index[r[a]] for a in ANNOTATORS] for r in csv.DictReader(file)])
    label = np.array([index[r["human_aggregate_label"]] for r in rows])
    truth = np.array([index[r["clean_label"]] for r in rows])
    stored = np.load(folder / "cifar10n_aggregate_probs.npz")
    models = [log_probabilities(np.maximum(stored[n].astype(float), 1e-6)) for n in NETWORKS]
    return votes, label, truth, from_logits(np.mean(models, axis=0))


def ballots_of(votes: np.ndarray, classes: int) -> Ballots:
    """Votes (n, A), -1 where there is none, as ballots."""
    sample, annotator = np.nonzero(votes >= 0)
    said = votes[sample, annotator]
    n, people = votes.shape
    return Ballots.of(sample, annotator, said, samples=n, annotators=people, classes=classes)


def ranked(score: np.ndarray, wrong: np.ndarray) -> dict[str, Any]:
    """AUROC, AP, P@n and effort of a ranking of labels."""
    figures = {
        "auroc": round(float(roc_auc_score(wrong, score)), 4),
        "ap": round(float(average_precision_score(wrong, score)), 4),
    }
    return figures | measured(np.argsort(-score, kind="stable"), wrong)


def crowdlab(votes: np.ndarray, log_p: np.ndarray, label: np.ndarray) -> dict[str, np.ndarray]:
    """Cleanlab's consensus, annotators' quality, and quality of the label that is judged."""
    from cleanlab.multiannotator import get_label_quality_multiannotator

    some = (votes >= 0).any(axis=1)
    table = pd.DataFrame(np.where(votes >= 0, votes, np.nan)[some])
    p = np.exp(log_p)
    found = get_label_quality_multiannotator(table, p[some], verbose=False)
    consensus = p.argmax(axis=1)
    consensus[some] = found["label_quality"]["consensus_label"].to_numpy()
    score = 1 - p[np.arange(len(p)), label]
    quality = found["label_quality"]["consensus_quality_score"].to_numpy()
    same = consensus[some] == label[some]
    score[some] = np.where(same, 1 - quality, 1 + quality)
    who = found["annotator_stats"].sort_index()["agreement_with_consensus"].to_numpy()
    return {"consensus": consensus, "score": score, "accuracy": who}


def compared(
    votes: np.ndarray, label: np.ndarray, truth: np.ndarray, log_p: np.ndarray
) -> dict[str, Any]:
    """Every method on some votes."""
    classes, wrong = log_p.shape[1], label != truth
    ballots = ballots_of(votes, classes)
    seen = [votes[:, a] >= 0 for a in range(votes.shape[1])]
    accuracy = np.array([np.mean((votes[:, a] == truth)[s]) for a, s in enumerate(seen)])
    rows: dict[str, Any] = {}

    def add(name: str, score: np.ndarray, consensus: np.ndarray, said: Any, seconds: float) -> None:
        off = None if said is None else round(float(np.abs(said - accuracy).max()), 3)
        rows[name] = ranked(score, wrong) | {
            "consensus_wrong": round(100 * float(np.mean(consensus != truth)), 2),
            "accuracy_off_by": off,
            "seconds": round(seconds, 1),
        }

    add("model alone", suspicion(log_p, label), log_p.argmax(axis=1), None, 0.0)
    share = np.zeros_like(log_p)
    np.add.at(share, (ballots.sample, ballots.label), 1.0)
    majority = (share + 1e-3 * np.exp(log_p)).argmax(axis=1)
    against = share.sum(axis=1) - share[np.arange(len(label)), label]
    by_majority = [np.mean((votes[:, a] == majority)[s]) for a, s in enumerate(seen)]
    add("majority", against - 1e-6 * share.sum(axis=1), majority, np.array(by_majority), 0.0)
    for name, model in (("Dawid and Skene, ours", None), ("**Deconfuse**", log_p)):
        begun = time.perf_counter()
        used = ballots if made_of_votes(ballots, label) else ballots.with_labels(label)
        found = fit_consensus(model, used)
        posterior = found(model, used)
        seconds = time.perf_counter() - begun
        said = (found.counts.right / found.counts.votes)[: votes.shape[1]]
        add(name, suspicion(posterior, label), posterior.argmax(axis=1), said, seconds)
    begun = time.perf_counter()
    rival = crowdlab(votes, log_p, label)
    seconds = time.perf_counter() - begun
    add("cleanlab CROWDLAB", rival["score"], rival["consensus"], rival["accuracy"], seconds)
    return rows


def made(
    samples: int, annotators: int, classes: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Truth (n,), each annotator's share of errors (A,), who voted (n, 3), and what (n, 3)."""
    truth = generator.integers(0, classes, samples)
    error = generator.beta(2, 10, annotators)
    who = generator.integers(0, annotators, (samples, 3))
    off = (truth[:, None] + generator.integers(1, classes, who.shape)) % classes
    said = np.where(generator.random(who.shape) < error[who], off, truth[:, None])
    return truth, error, who, said


def large(samples: int, annotators: int = 500, classes: int = 10) -> dict[str, Any]:
    """Made votes in number: seconds, memory, and how far off the accuracies are."""
    generator = np.random.default_rng(0)
    truth, error, who, said = made(samples, annotators, classes, generator)
    logits = generator.normal(0, 1, (samples, classes)).astype(np.float32)
    logits[np.arange(samples), truth] += 4
    log_p = from_logits(logits)
    rows = np.repeat(np.arange(samples), 3)
    ballots = Ballots.of(
        rows, who.ravel(), said.ravel(), samples=samples, annotators=annotators, classes=classes
    )
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    found = fit_consensus(log_p, ballots)
    seconds = time.perf_counter() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    gap = np.abs(found.counts.right / found.counts.votes - (1 - error))
    return {
        "samples": samples,
        "seconds": round(seconds, 1),
        "memory_grew_by_mb": round(grown / 1024),
        "accuracy_off_by_mean": round(float(gap.mean()), 4),
        "accuracy_off_by_most": round(float(gap.max()), 4),
    }


def whole(samples: int, annotators: int = 500, classes: int = 10) -> dict[str, Any]:
    """The same votes in a dataset of its own: seconds and memory of ``find_label_errors``."""
    import own_database

    own_database.start()
    import fiftyone as fo
    from bson import ObjectId

    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings
    from plugin.store.runs import load_run
    from plugin.votes.kept import find_votes

    generator = np.random.default_rng(0)
    truth, error, who, said = made(samples, annotators, classes, generator)
    label = np.where(generator.random(samples) < 0.1, (truth + 1) % classes, truth)
    dataset = fo.Dataset("votes")
    first = fo.Sample(filepath="/none/first.png", gt=fo.Classification(label="class 0"))
    one = fo.Classification(label="class 0", annotator="a 0")
    first["crowd"] = fo.Classifications(classifications=[one])
    dataset.add_sample(first, dynamic=True)
    like = dict(dataset._sample_collection.find_one({"_id": first._id}))
    for start in range(0, samples, WRITTEN_AT_ONCE):
        dataset._sample_collection.insert_many(
            {
                **like,
                "_id": ObjectId(),
                "filepath": f"/none/{i}.png",
                "gt": {**like["gt"], "_id": ObjectId(), "label": f"class {label[i]}"},
                "crowd": {
                    "_cls": "Classifications",
                    "classifications": [
                        {
                            **like["gt"],
                            "_id": ObjectId(),
                            "label": f"class {c}",
                            "annotator": f"a {a}",
                        }
                        for a, c in zip(who[i].tolist(), said[i].tolist(), strict=True)
                    ],
                },
            }
            for i in range(start, min(start + WRITTEN_AT_ONCE, samples))
        )
    dataset.delete_samples([first.id])
    settings = Settings("gt", source="votes", vote_fields=("crowd",), duplicates=False)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    began, cpu = time.perf_counter(), usage.ru_utime
    find_label_errors(dataset, settings)
    seconds, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    run = load_run(dataset, "deconfuse")
    kept = find_votes(run, run.iteration())
    assert kept is not None
    known = {one["name"]: one["accuracy"] for one in kept.people}
    gap = np.array([abs(known[f"a {a}"] - (1 - error[a])) for a in range(annotators)])
    return {
        "samples": samples,
        "votes_kept": len(kept.row),
        "seconds": round(seconds, 1),
        "user_cpu_seconds": round(peak.ru_utime - cpu, 1),
        "memory_before_mb": round(usage.ru_maxrss / 1024),
        "peak_memory_mb": round(peak.ru_maxrss / 1024),
        "accuracy_off_by_mean": round(float(gap.mean()), 4),
        "accuracy_off_by_most": round(float(gap.max()), 4),
    }


def main() -> None:
    """Print everything as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--whole", type=int, default=0, help="this alone")
    options = parser.parse_args()
    if options.whole:
        print(json.dumps(whole(options.whole), indent=1))
        return
    votes, label, truth, log_p = read(data_folder(options.data))
    rows = {"all votes": compared(votes, label, truth, log_p)}
    generator = np.random.default_rng(0)
    fewer = np.where(generator.random(votes.shape) < KEPT, votes, -1)
    rows["a third of the votes"] = compared(fewer, label, truth, log_p)
    if options.large:
        rows["large"] = large(options.large)
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
