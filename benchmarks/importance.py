"""Coreset importance: how well it finds human label errors, and what it costs.

``python benchmarks/importance.py [--data FOLDER] [--part quality|cost] [--samples N ...]``

``quality``: CIFAR-10's 50,000 training images with CIFAR-10N's aggregate labels, 4,505 of which
differ from the original ones. Vectors are the logits (centred log-probabilities) of a network that
was trained out of fold, and, as embeddings that know nothing of labels, the pixels' 64 principal
components. Rivals: random order, label-free sensitivity with and without regard to classes, and
suspicion from the same probabilities.

``cost``: N × 512 normal vectors in 10 classes, from a file that is read in parts: build, an update
after 50 decisions (25 relabelled, 25 removed, in one pair of classes), a query for the top 50, and
the re-scoring of a round (the logistic regression fitted again). Memory is what the process has
allocated itself; mapped files are not in it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
from real_data import ImageSet, data_folder, load  # noqa: E402
from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: E402

from plugin.importance.index import ImportanceIndex  # noqa: E402
from plugin.scoring.margin import suspicion  # noqa: E402
from plugin.scoring.probabilities import log_probabilities  # noqa: E402

WIDTH, CLASSES = 512, 10
DECISIONS = 50
PART = 10_000


def logits_of(p: np.ndarray) -> np.ndarray:
    """Centred log-probabilities: the logits, up to what softmax does not see."""
    log_p = log_probabilities(p)
    return (log_p - log_p.mean(axis=1, keepdims=True)).astype(np.float32)


def pixels(images: ImageSet, chosen: np.ndarray) -> np.ndarray:
    """The 64 principal components of the images."""
    from PIL import Image
    from sklearn.decomposition import PCA

    rows = np.stack(
        [np.asarray(Image.open(images.paths[i]).convert("RGB")).ravel() for i in chosen]
    )
    reduced = PCA(64, svd_solver="randomized", random_state=0).fit_transform(
        rows.astype(np.float32) / 255
    )
    return reduced.astype(np.float32)


def measures(score: np.ndarray, wrong: np.ndarray) -> dict[str, float]:
    """How well a score finds what is wrong."""
    order = np.argsort(-score, kind="stable")
    return {
        "auroc": round(float(roc_auc_score(wrong, score)), 4),
        "ap": round(float(average_precision_score(wrong, score)), 4),
        "p_at_50": round(float(wrong[order[:50]].mean()), 3),
        "p_at_500": round(float(wrong[order[:500]].mean()), 3),
    }


def quality(folder: Path) -> dict[str, Any]:
    """The rankings on CIFAR-10N."""
    images = load("cifar10", folder)
    chosen = np.flatnonzero(images.splits == "train")
    human = images.labels["human_aggregate_label"][chosen]
    clean = images.labels["clean_label"][chosen]
    classes = sorted(set(clean.tolist()))
    label, wrong = np.array([classes.index(y) for y in human]), human != clean
    p = np.load(folder / "cifar10n_aggregate_probs.npz")
    rows = {"random": measures(np.random.default_rng(0).random(len(label)), wrong)}
    sources = {
        "logits, resnet18": logits_of(p["resnet18"].astype(np.float64)),
        "logits, resnet50d": logits_of(p["resnet50d"].astype(np.float64)),
        "pixels": pixels(images, chosen),
    }
    everybody = np.zeros(len(label), np.int64)
    for name, vectors in sources.items():
        blind = ImportanceIndex(vectors, everybody, 1, variant="label_free").importance
        free = ImportanceIndex(vectors, label, CLASSES, variant="label_free").importance
        rows[f"label-free, all classes as one, {name}"] = measures(blind, wrong)
        rows[f"label-free, within classes, {name}"] = measures(free, wrong)
        aware = ImportanceIndex(vectors, label, CLASSES)
        rows[f"**label-aware importance, {name}**"] = measures(aware.importance, wrong)
        network = name.partition(", ")[2]
        if network:
            log_p = log_probabilities(p[network].astype(np.float64))
            rows[f"suspicion, {network}"] = measures(suspicion(log_p, label), wrong)
    print("| ranking | AUROC | AP | P@50 | P@500 |\n|---|---|---|---|---|")
    for name, row in rows.items():
        values = " | ".join(f"{row[key]:.3f}" for key in ("auroc", "ap", "p_at_50", "p_at_500"))
        print(f"| {name} | {values} |")
    return rows


class Memory:
    """The most that this process had allocated, beyond what it had at the start; in MB."""

    def __enter__(self) -> Memory:
        self._start = self.peak = allocated()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.peak = max(self.peak, allocated())

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.above = (self.peak - self._start) / 1024


def allocated() -> int:
    """Anonymous resident memory, in kB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0])


def synthetic(samples: int, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """A file of vectors around ten centres, and labels of which 5 % are wrong."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, CLASSES, samples)
    centres = rng.normal(0, 0.3, (CLASSES, WIDTH))
    path = folder / "source"
    file = np.memmap(path, np.float32, "w+", shape=(samples, WIDTH))
    for start in range(0, samples, PART):
        part = truth[start : start + PART]
        file[start : start + PART] = rng.normal(size=(len(part), WIDTH)) + centres[part]
    file.flush()
    wrong = rng.random(samples) < 0.05
    label = np.where(wrong, (truth + 1) % CLASSES, truth)
    return np.memmap(path, np.float32, "r", shape=(samples, WIDTH)), label


def timed(work: Any) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def decide(index: ImportanceIndex, turn: int) -> None:
    """50 decisions on the pair of classes 0 and 1."""
    rows = np.random.default_rng(turn).permutation(index.members(0))[:DECISIONS]
    index.update(rows, np.repeat([1, -1], DECISIONS // 2))


def cost(samples: int, variant: Any) -> dict[str, Any]:
    """Build, update, query and re-score at one size."""
    with tempfile.TemporaryDirectory(prefix="deconfuse-benchmark-") as name:
        folder = Path(name)
        source, label = synthetic(samples, folder)
        parts = (np.asarray(source[i : i + PART]) for i in range(0, samples, PART))
        spool = folder / "spool"
        spool.mkdir()
        made: list[ImportanceIndex] = []
        with Memory() as memory:
            build = timed(
                lambda: made.append(
                    ImportanceIndex(parts, label, CLASSES, variant=variant, folder=spool)
                )
            )
        index = made[0]
        updates = sorted(timed(lambda turn=turn: decide(index, turn)) for turn in range(5))
        queries = sorted(timed(lambda: index.top({0: 50})) for _ in range(5))
        rescore = timed(lambda: index.rescore(names=[0, 1])) if variant == "label_aware" else None
        return {
            "samples": samples,
            "variant": variant,
            "build_s": round(build, 2),
            "update_s": round(updates[2], 4),
            "ratio": round(build / updates[2]),
            "query_s": round(queries[2], 5),
            "rescore_s": None if rescore is None else round(rescore, 2),
            "memory_mb": round(memory.above),
            "vectors_mb": round(samples * WIDTH * 4 / 2**20),
        }


def apart(samples: int, variant: str) -> dict[str, Any]:
    """One line of the table in a process of its own, whose memory nothing else has touched."""
    command = [sys.executable, __file__, "--one", str(samples), variant]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def costs(sizes: list[int]) -> list[dict[str, Any]]:
    """The table of costs."""
    print(
        "| samples | variant | build | update, 50 decisions | build / update | query, top 50 "
        "| re-score | memory | vectors on disk |\n|---|---|---|---|---|---|---|---|---|"
    )
    rows = []
    for samples in sizes:
        for variant in ("label_free", "label_aware"):
            row = apart(samples, variant)
            rows.append(row)
            again = "" if row["rescore_s"] is None else f"{row['rescore_s']:.1f} s"
            print(
                f"| {samples:,} | {variant} | {row['build_s']:.1f} s "
                f"| {1000 * row['update_s']:.0f} ms | **{row['ratio']:,}** "
                f"| {1000 * row['query_s']:.1f} ms | {again} | {row['memory_mb']:,} MB "
                f"| {row['vectors_mb']:,} MB |",
                flush=True,
            )
    return rows


FEWEST = 10_000


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--part", choices=["quality", "cost"])
    parser.add_argument("--samples", type=int, nargs="*", default=[50_000, 1_000_000])
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if min(options.samples) < FEWEST:
        parser.error(f"--samples: at least {FEWEST:,}, or a pair of classes has no 50 to decide on")
    if options.one:
        print(json.dumps(cost(int(options.one[0]), options.one[1])))
        return
    result: dict[str, Any] = {"benchmark": "importance"}
    if options.part != "cost":
        result["quality"] = quality(data_folder(options.data))
        print()
    if options.part != "quality":
        result["cost"] = costs(options.samples)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
