"""Near-duplicates on CIFAR-10 and MNIST: recall, copies, time, memory, beside FiftyOne Brain.

    DECONFUSE_DATA=... python benchmarks/duplicates.py [--data cifar10 mnist] [--threads 2]
    [--no-rival]

Every timed part runs in a process of its own, so that its peak memory is its own. Prints tables
and one JSON line.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from plugin.duplicates.groups import duplicate_groups
from plugin.duplicates.search import Duplicates, compute_signals, find_duplicates
from plugin.duplicates.ssim import ssim_pairs
from plugin.duplicates.structure_features import fit_basis, structure_features

SUBSET, COPIES, PLANTED = 5000, 5, 300
Pixels = NDArray[np.uint8]


def read_images(folder: Path, name: str) -> tuple[Pixels, list[str]]:
    """All images of `name`.zip, ordered by name; decoded once, kept in the temporary folder."""
    kept = Path(tempfile.gettempdir()) / f"deconfuse_{name}.npz"
    if not kept.exists():
        with zipfile.ZipFile(folder / f"{name}.zip") as archive:
            names = sorted(n for n in archive.namelist() if n.endswith((".png", ".jpg")))
            pixels = [np.asarray(Image.open(io.BytesIO(archive.read(n)))) for n in names]
        np.savez(kept, pixels=np.stack(pixels), names=names)
    with np.load(kept) as arrays:
        return arrays["pixels"], arrays["names"].tolist()


def read_labels(folder: Path, name: str, files: list[str]) -> tuple[list[str], list[str]]:
    """Label and split of each file."""
    with (folder / f"{name}_labels.csv").open() as rows:
        column = "label" if name == "mnist" else "clean_label"
        known = {row["file"]: (row[column], row["split"]) for row in csv.DictReader(rows)}
    return [known[file][0] for file in files], [known[file][1] for file in files]


def shuffled(
    folder: Path, name: str, count: int
) -> tuple[Pixels, list[str], list[str], NDArray[np.int64]]:
    """`count` images in random order, then five copies: pixels, labels, splits, what was copied."""
    pixels, files = read_images(folder, name)
    order = np.random.default_rng(51).permutation(len(pixels))[:count]
    labels, splits = read_labels(folder, name, [files[i] for i in order])
    copied = np.random.default_rng(5).choice(count, COPIES, replace=False)
    other = ["train" if splits[i] == "test" else "test" for i in copied]
    return (
        np.concatenate([pixels[order], pixels[order[copied]]]),
        labels + [labels[i] for i in copied],
        splits + other,
        copied,
    )


def exhaustive(images: Pixels, name: str) -> dict[tuple[int, int], float]:
    """All pairs with an SSIM of at least 0.7, from every pair; kept in the temporary folder."""
    kept = Path(tempfile.gettempdir()) / f"deconfuse_{name}_all_pairs.npz"
    if not kept.exists():
        pairs, values = [], []
        for i in range(len(images) - 1):
            others = np.arange(i + 1, len(images))
            row = np.stack([np.full_like(others, i), others], axis=1)
            of_row = ssim_pairs(images, row, memory=1 << 30)
            pairs.append(row[of_row >= 0.7])
            values.append(of_row[of_row >= 0.7])
        np.savez(kept, pairs=np.concatenate(pairs), values=np.concatenate(values))
    with np.load(kept) as arrays:
        pairs, values = arrays["pairs"].tolist(), arrays["values"].tolist()
    return {(i, j): value for (i, j), value in zip(pairs, values, strict=True)}


def as_dict(found: Duplicates) -> dict[tuple[int, int], float]:
    return {(i, j): s for (i, j), s in zip(found.pairs.tolist(), found.ses.tolist(), strict=True)}


def listed_of(found: Duplicates) -> Duplicates:
    """The pairs from the threshold."""
    kept = found.ses >= found.threshold
    return found._replace(pairs=found.pairs[kept], ses=found.ses[kept], exact=found.exact[kept])


def ours(folder: Path, name: str, count: int) -> dict[str, Any]:
    """One run of the engine on `count` images and five copies."""
    images, labels, splits, copied = shuffled(folder, name, count)
    before, started = peak(), time.perf_counter()
    signals = compute_signals(images)
    described, cpu = time.perf_counter(), time.process_time()
    found = find_duplicates(images, signals, scope="all")
    seconds, cpu = time.perf_counter() - described, time.process_time() - cpu
    listed = listed_of(found)
    groups = duplicate_groups(listed.pairs, listed.ses, labels, splits=splits)
    pairs = as_dict(listed)
    return {
        "data": name,
        "images": count,
        "signals_seconds": round(described - started, 1),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mb": round(peak()),
        "input_mb": round(before),
        "floor": round(found.floor, 3),
        "threshold": round(found.threshold, 3),
        "pairs_kept": len(found.ses),
        "pairs": len(listed.ses),
        "groups": len(groups),
        "leaks": sum(group.leak for group in groups),
        "label_conflicts": sum(group.label_conflict for group in groups),
        "copies_found": sum((int(i), count + at) in pairs for at, i in enumerate(copied)),
        "pair_list": [list(pair) for pair in pairs],
    }


def peak() -> float:
    """Largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def recall(folder: Path, name: str) -> dict[str, Any]:
    """Recall against every pair of 5,000 images, and what FiftyOne's method reaches at best."""
    pixels, _ = read_images(folder, name)
    chosen = np.sort(np.random.default_rng(51).choice(len(pixels), SUBSET, replace=False))
    images = np.ascontiguousarray(pixels[chosen])
    found = find_duplicates(images, compute_signals(images), scope="all")
    truth = exhaustive(images, name)
    pairs = as_dict(found)
    rows = []
    for level in sorted({found.floor, 0.8, 0.9, 0.95, found.threshold}):
        if level < found.floor:
            continue
        wanted = {pair for pair, value in truth.items() if value >= level}
        got = {pair for pair, value in pairs.items() if value >= level}
        rows.append(
            {
                "data": name,
                "at": round(level, 3),
                "default": level == found.threshold,
                "pairs": len(wanted),
                "recall": round(len(wanted & got) / len(wanted), 4) if wanted else None,
                "precision": round(len(wanted & got) / len(got), 4) if got else None,
            }
        )
    features = structure_features(images, fit_basis(images))
    wanted = {pair for pair, value in truth.items() if value >= found.threshold}
    best = best_cut(features, wanted)
    return {"rows": rows, "rival_threshold": best["cosine"], "rival_on_subset": best}


def best_cut(features: NDArray[np.float32], wanted: set[tuple[int, int]]) -> dict[str, Any]:
    """The cosine distance at which the pairs below it agree best (F1) with the wanted ones."""
    unit = torch.from_numpy(features / np.linalg.norm(features, axis=1, keepdims=True))
    apart = 1 - unit @ unit.mT
    apart[torch.tril_indices(*apart.shape).unbind()] = 9
    near = apart.flatten().topk(50 * max(len(wanted), 20), largest=False)
    n = len(features)
    hits = np.cumsum([(int(k) // n, int(k) % n) in wanted for k in near.indices])
    precision, found = hits / np.arange(1, len(hits) + 1), hits / max(len(wanted), 1)
    at = int(np.argmax(2 * precision * found / np.maximum(precision + found, 1e-9)))
    return {
        "cosine": float(near.values[at]),
        "precision": round(float(precision[at]), 3),
        "recall": round(float(found[at]), 3),
    }


def brain(folder: Path, name: str, count: int, threshold: float) -> dict[str, Any]:
    """`fob.compute_near_duplicates` on the same vectors, at its best threshold on the subset."""
    import own_database

    own_database.start()
    import fiftyone as fo
    import fiftyone.brain as fob

    images, _, _, copied = shuffled(folder, name, count)
    started = time.perf_counter()
    features = structure_features(images, fit_basis(images))
    embedding = time.perf_counter() - started
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/none/{i}.png") for i in range(len(images))])
    place = {sample: i for i, sample in enumerate(dataset.values("id"))}
    before, started, cpu = peak(), time.perf_counter(), time.process_time()
    index = fob.compute_near_duplicates(dataset, threshold=threshold, embeddings=features)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    assert index is not None
    pairs = [
        sorted((place[kept], place[gone]))
        for kept, near in index.neighbors_map.items()
        for gone, _ in near
    ]
    dataset.delete()
    known = {tuple(pair) for pair in pairs}
    values = ssim_pairs(images, np.array(pairs, dtype=np.int64).reshape(-1, 2))
    return {
        "data": name,
        "images": count,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "embedding_seconds": round(embedding, 1),
        "peak_mb": round(peak()),
        "input_mb": round(before),
        "pairs": len(pairs),
        "copies_found": sum((int(i), count + at) in known for at, i in enumerate(copied)),
        "pair_list": pairs,
        "ses": values.round(4).tolist(),
    }


def kinds(folder: Path, name: str) -> dict[str, Any]:
    """Recall of planted near copies, by what was done to the copy."""
    pixels, _ = read_images(folder, name)
    images = pixels[np.random.default_rng(51).permutation(len(pixels))[:20000]]
    rows = []
    changes: dict[str, Callable[[Pixels], Pixels]] = {
        "JPEG, quality 90": lambda x: jpeg(x, 90),
        "JPEG, quality 75": lambda x: jpeg(x, 75),
        "JPEG, quality 50": lambda x: jpeg(x, 50),
        "resized to 110 % and back": lambda x: resized(x, 1.1),
        "resized to 90 % and back": lambda x: resized(x, 0.9),
        "brightness +5 %": lambda x: np.clip(x * 1.05, 0, 255).round().astype(np.uint8),
        "cropped 3 % (1.5 % a side), enlarged": lambda x: cropped(x, 0.03),
        "cropped 1 pixel at two sides, enlarged": corner,
        "mirrored": lambda x: np.ascontiguousarray(x[:, ::-1]),
        "other label": np.copy,
        "other split": np.copy,
    }
    originals = np.random.default_rng(7).choice(len(images), PLANTED * len(changes), replace=False)
    parts = [
        np.stack([change(x) for x in images[originals[at * PLANTED : (at + 1) * PLANTED]]])
        for at, change in enumerate(changes.values())
    ]
    both = np.concatenate([images, *parts])
    labels = np.zeros(len(both), dtype=int)
    splits = np.zeros(len(both), dtype=int)
    first = len(images) + PLANTED * list(changes).index("other label")
    labels[first : first + PLANTED] = 1
    splits[first + PLANTED : first + 2 * PLANTED] = 1
    found = find_duplicates(both, compute_signals(both), scope="all", floor=0.75, threshold=0.8)
    pairs = as_dict(found)
    for at, kind in enumerate(changes):
        of = originals[at * PLANTED : (at + 1) * PLANTED]
        copies = len(images) + at * PLANTED + np.arange(PLANTED)
        true = ssim_pairs(both, np.stack([of, copies], axis=1), dtype=torch.float64)
        ses = np.array([pairs.get((int(i), int(j)), 0.0) for i, j in zip(of, copies, strict=True)])
        row: dict[str, Any] = {"kind": kind, "median_ses": round(float(np.median(true)), 3)}
        for level in (0.8, 0.9, 0.95):
            row[f"found_{level}"] = round(float((ses >= level).mean()), 3)
        high = true >= 0.75
        row["recall_of_ses_0.75"] = round(float((ses[high] > 0).mean()), 4) if high.any() else None
        rows.append(row)
    groups = duplicate_groups(found.pairs, found.ses, labels.tolist(), splits=splits.tolist())
    flagged = {
        "other label": {i for g in groups if g.label_conflict for i in g.members},
        "other split": {i for g in groups if g.leak for i in g.members},
    }
    for row in rows:
        if row["kind"] in flagged:
            begin = len(images) + PLANTED * list(changes).index(row["kind"])
            row["flagged"] = sum(i in flagged[row["kind"]] for i in range(begin, begin + PLANTED))
    return {"data": name, "planted_each": PLANTED, "rows": rows}


def jpeg(image: Pixels, quality: int) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def resized(image: Pixels, factor: float) -> Pixels:
    height, width = image.shape[:2]
    there = Image.fromarray(image).resize(
        (round(width * factor), round(height * factor)), Image.Resampling.BICUBIC
    )
    return np.asarray(there.resize((width, height), Image.Resampling.BICUBIC))


def cropped(image: Pixels, share: float) -> Pixels:
    height, width = image.shape[:2]
    x, y = width * share / 2, height * share / 2
    box = (x, y, width - x, height - y)
    return np.asarray(
        Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC, box=box)
    )


def corner(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    return np.asarray(
        Image.fromarray(image[1:, 1:]).resize((width, height), Image.Resampling.BICUBIC)
    )


def apart(part: str, arguments: argparse.Namespace, *rest: object) -> Any:
    """Run one part in a process of its own."""
    command = [sys.executable, __file__, str(arguments.folder), "--threads", str(arguments.threads)]
    command += ["--part", part, *map(str, rest)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def table(rows: list[dict[str, Any]]) -> None:
    """Print rows of equal keys as a Markdown table."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    print("| " + " | ".join(keys) + " |\n|" + "---|" * len(keys))
    for row in rows:
        print("| " + " | ".join(str(row.get(key, "")) for key in keys) + " |")
    print(flush=True)


def compared(own: dict[str, Any], rival: dict[str, Any]) -> dict[str, Any]:
    """Precision of the rival's pairs, and the share of images with a copy that each names."""
    level = own["threshold"]
    high = [
        pair for pair, ses in zip(rival["pair_list"], rival["ses"], strict=True) if ses >= level
    ]
    known = {i for pair in [*own["pair_list"], *high] for i in pair}
    return {
        "data": own["data"],
        "times_faster": round(rival["seconds"] / own["seconds"], 2),
        "times_less_processor": round(rival["cpu_seconds"] / own["cpu_seconds"], 2),
        "precision": 1.0,
        "recall_of_known": round(
            len({i for p in own["pair_list"] for i in p}) / max(len(known), 1), 3
        ),
        "rival_precision": round(len(high) / max(len(rival["pair_list"]), 1), 3),
        "rival_recall_of_known": round(len({i for p in high for i in p}) / max(len(known), 1), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("DECONFUSE_DATA"))
    parser.add_argument("--data", nargs="+", default=["cifar10", "mnist"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-rival", action="store_true")
    parser.add_argument("--part", nargs="+")
    arguments = parser.parse_args()
    if arguments.folder is None:
        parser.error("say where the data is: an argument or DECONFUSE_DATA")
    arguments.folder = Path(arguments.folder)
    torch.set_num_threads(arguments.threads)
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    import faiss

    faiss.omp_set_num_threads(arguments.threads)
    if arguments.part:
        part, name, *rest = arguments.part
        call = {"ours": ours, "recall": recall, "kinds": kinds}.get(part)
        if call is not None:
            answer = call(arguments.folder, name, *map(int, rest))
        else:
            answer = brain(arguments.folder, name, int(rest[0]), float(rest[1]))
        print(json.dumps(answer))
        return
    result: dict[str, Any] = {}
    for name in arguments.data:
        result[name] = measured(name, arguments)
    print(json.dumps(result))


def measured(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """All parts for one data set, printed as they come."""
    read_images(arguments.folder, name)
    everything = 60000 if name == "cifar10" else 70000
    print(f"## {name}\n\nRecall against all pairs of {SUBSET:,} images\n")
    subset = apart("recall", arguments, name)
    table(subset["rows"])
    print(f"All images, and five copies; {arguments.threads} threads\n")
    runs = [apart("ours", arguments, name, count) for count in (10000, everything)]
    table([{k: v for k, v in run.items() if k != "pair_list"} for run in runs])
    took = [run["signals_seconds"] + run["seconds"] for run in runs]
    growth = took[1] / took[0]
    allowed = everything * np.log(everything) / (10000 * np.log(10000))
    print(f"growth {growth:.2f} times, n log n {allowed:.2f} times\n")
    out: dict[str, Any] = {"recall": subset, "runs": [strip(run) for run in runs], "growth": growth}
    if not arguments.no_rival:
        print("fob.compute_near_duplicates on the same vectors\n")
        rival = apart("brain", arguments, name, everything, subset["rival_threshold"])
        table([strip(rival)])
        beside = compared(runs[1], rival)
        table([beside])
        out |= {"rival": strip(rival), "beside": beside}
    if name == "cifar10":
        print("Planted copies among 20,000 images\n")
        out["kinds"] = apart("kinds", arguments, name)
        table(out["kinds"]["rows"])
    return out


def strip(run: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in run.items() if key not in ("pair_list", "ses")}


if __name__ == "__main__":
    main()
