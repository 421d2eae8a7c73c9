"""What a decision costs: relabelling 1,000 samples of datasets of 10,000 to 1,000,000.

Deconfuse's time is that of ``resolve`` plus the refreshed counts (``current_state``). Beside it the
same relabelling by a loop of ``sample.save()`` and by ``match().set_field().save()``, on other
samples of the same dataset. Datasets are synthetic: documents as FiftyOne writes them, with labels,
tags and the run's fields, inserted in bulk; media files do not matter here.

    python benchmarks/resolve.py [--sizes 10000 100000 1000000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import fiftyone as fo
import numpy as np
from bson import ObjectId

from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.store.iteration_writer import IterationWriter
from plugin.store.iterations import Rows, pack_ids
from plugin.store.runs import Run, create_run

CLASSES = [f"class {i:02d}" for i in range(10)]
RESOLVED = 1_000
CHUNK = 20_000


def synthetic_run(samples: int, rng: np.random.Generator) -> Run:
    """A dataset with an iteration of random numbers, about 90 % of the labels predicted."""
    dataset = fo.Dataset(f"benchmark-resolve-{uuid.uuid4().hex[:8]}")
    first = fo.Sample(filepath="/nowhere/first.png", tags=["train"])
    first["ground_truth"] = fo.Classification(label=CLASSES[0])
    first["deconfuse_prediction"] = fo.Classification(label=CLASSES[0], confidence=0.5)
    first["deconfuse_iies"], first["deconfuse_suspicion"] = 0.5, 0.5
    first["deconfuse_cies"] = 1
    dataset.add_sample(first)
    dataset.add_sample_field("deconfuse_decision", fo.StringField)
    collection: Any = dataset._sample_collection
    template = collection.find_one()
    collection.delete_many({})
    run = create_run(dataset, "deconfuse", "ground_truth")
    with IterationWriter(run.owner["dataset_id"], run.key, CLASSES) as writer:
        for start in range(0, samples, CHUNK):
            rows = random_rows(min(CHUNK, samples - start), rng)
            collection.insert_many(documents(template, rows, start), ordered=False)
            writer.append(rows)
        made = writer.commit({"number": 1, "settings": {}, "counts": {}, "skipped": {}})
    run.mark_fields_written(made, datetime.now(UTC))
    return run


def random_rows(n: int, rng: np.random.Generator) -> Rows:
    """Rows of an iteration."""
    label = rng.integers(0, len(CLASSES), n).astype(np.int32)
    p = rng.dirichlet(np.ones(len(CLASSES)), n).astype(np.float32)
    p[np.arange(n), label] += (rng.random(n) < 0.85).astype(np.float32)
    p /= p.sum(axis=1, keepdims=True)
    top = np.argsort(-p, axis=1)[:, :5].astype(np.int32)
    p_label, p_max = p[np.arange(n), label], p.max(axis=1)
    return Rows(
        sample_id=pack_ids([str(ObjectId()) for _ in range(n)]),
        label=label,
        prediction=top[:, 0].copy(),
        p_label=p_label,
        p_max=p_max,
        suspicion=np.log(p_max) - np.log(p_label),
        top_class=top,
        top_probability=np.take_along_axis(p, top, axis=1),
        features=np.zeros((n, 2), np.float16),
    )


def documents(template: dict[str, Any], rows: Rows, start: int) -> Iterator[dict[str, Any]]:
    """Sample documents as FiftyOne writes them."""
    for i in range(len(rows)):
        yield {
            **template,
            "_id": ObjectId(rows.sample_id[i].ljust(12, b"\0")),
            "filepath": f"/nowhere/{start + i:08d}.png",
            "ground_truth": classification(CLASSES[rows.label[i]]),
            "deconfuse_prediction": classification(CLASSES[rows.prediction[i]]),
            "deconfuse_suspicion": float(rows.suspicion[i]),
        }


def classification(label: str) -> dict[str, Any]:
    """A stored label."""
    return {"_id": ObjectId(), "_cls": "Classification", "tags": [], "label": label}


def by_decision(run: Run, ids: list[str]) -> float:
    """Relabel by a decision and refresh the counts."""
    return timed(lambda: (resolve(run, "relabel", ids, label="new"), current_state(run).counts()))


def field_done() -> None:
    """Wait for the thread that lets the field ``{run}_cies`` follow."""
    for thread in threading.enumerate():
        if thread.name == "deconfuse-cies":
            thread.join()


def by_loop(run: Run, ids: list[str]) -> float:
    """Relabel by a loop of ``sample.save()``."""

    def loop() -> None:
        for sample in run.dataset.select(ids):
            sample["ground_truth"].label = "new"
            sample.save()

    return timed(loop)


def by_view(run: Run, ids: list[str]) -> float:
    """Relabel by ``match().set_field().save()``."""
    wanted = [ObjectId(i) for i in ids]

    def view() -> None:
        matched = run.dataset.match({"_id": {"$in": wanted}})
        matched.set_field("ground_truth.label", "new").save("ground_truth")

    return timed(view)


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(samples: int, rounds: int) -> dict[str, Any]:
    """Medians over rounds that take turns, each on other samples."""
    rng = np.random.default_rng(51)
    run = synthetic_run(samples, rng)
    every: Any = run.dataset.values("id")
    ways = {"deconfuse": by_decision, "save_loop": by_loop, "view_save": by_view}
    first = timed(lambda: current_state(run).counts())
    resolve(run, "relabel", every[:10], label="new")
    first += timed(lambda: current_state(run).counts())
    undo(run)
    field_done()
    times: dict[str, list[float]] = {
        name: [] for name in (*ways, "undo", "field", "one", "one_counts")
    }
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(way(run, rng.choice(every, RESOLVED, replace=False).tolist()))
            if name == "deconfuse":
                times["field"].append(timed(field_done))
                times["undo"].append(timed(lambda: (undo(run), current_state(run).counts())))
                field_done()
        one = [str(rng.choice(every))]
        times["one"].append(timed(lambda one=one: resolve(run, "confirm", one)))
        times["one_counts"].append(timed(lambda: current_state(run).counts()))
        undo(run)
        field_done()
    run.dataset.delete()
    medians = {name: round(statistics.median(values), 4) for name, values in times.items()}
    return {"samples": samples, **medians, "first_state": round(first, 4)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    fo.config.show_progress_bars = False
    started = datetime.now().isoformat(timespec="seconds")
    results = [measure(size, options.rounds) for size in options.sizes]
    print(f"seconds for {RESOLVED:,} samples, median of {options.rounds} rounds")
    print("| samples | resolve + counts | undo + counts | save() loop | set_field() | thread |")
    print("|---|---|---|---|---|---|")
    for r in results:
        cells = [r["deconfuse"], r["undo"], r["save_loop"], r["view_save"], r["field"]]
        print(f"| {r['samples']:,} | " + " | ".join(f"{c:.3f}" for c in cells) + " |")
    print("one sample, milliseconds: resolve, counts; and the first state in a process")
    for r in results:
        cells = [r["one"], r["one_counts"], r["first_state"]]
        print(f"| {r['samples']:,} | " + " | ".join(f"{c * 1000:.1f}" for c in cells) + " |")
    ratio = round(results[-1]["deconfuse"] / results[0]["deconfuse"], 2)
    print(json.dumps({"benchmark": "resolve", "at": started, "ratio": ratio, "results": results}))


if __name__ == "__main__":
    main()
