"""Millions of samples on one database: scoring, opening the panel, a cell, a decision and its undo.

``python benchmarks/many_rows.py [--sizes 1000000 3000000] [--rounds 3]``

The documents are those that FiftyOne writes, without media: 20,000 are made and inserted again and
again under new ids. A process of its own runs ``find_label_errors`` on their field of predictions
with logits; another one asks the panel's own events, as the App does, by FiftyOne's operator and
execution context: the first answer of each stands beside the median of the next ones. Memory is
the peak of each process above what it held before.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import own_database  # noqa: E402
from score_and_write import PeakMemory  # noqa: E402

CLASSES = 10
MADE = 20_000
PANEL = "@deconfuse/label-errors/label_errors"
AT_ONCE = 1_000


def grow(samples: int) -> Any:
    """A dataset of so many samples, of which 20,000 differ."""
    from bson import ObjectId
    from made_dataset import make

    dataset = make(f"rows-{samples}", min(MADE, samples), CLASSES)
    collection = dataset._sample_collection
    made = list(collection.find())
    for start in range(len(made), samples, len(made)):
        documents = made[: samples - start]
        for i, document in enumerate(documents):
            document["_id"], document["filepath"] = ObjectId(), f"/nowhere/{start + i}.png"
        collection.insert_many(documents, ordered=False)
    return dataset


def score(name: str, _: int) -> dict[str, Any]:
    """Score the field of predictions and write the run's fields."""
    import fiftyone as fo

    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings

    dataset = fo.load_dataset(name)
    # There are no files, among which near-duplicates could be looked for.
    options: dict[str, Any] = {"source": "predictions", "duplicates": False}
    options |= {"label_field": "ground_truth", "prediction_fields": ["model"]}
    find_label_errors(dataset.limit(2_000), Settings.from_mapping({**options, "run_key": "warm"}))
    memory = PeakMemory()
    memory.start()
    began, before = time.perf_counter(), time.process_time()
    result = find_label_errors(dataset, Settings.from_mapping(options))
    seconds, used = time.perf_counter() - began, time.process_time() - before
    return {
        "samples": result["samples"],
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used, 1),
        "microseconds_a_sample": round(seconds / result["samples"] * 1e6, 1),
        "peak_mb_above_start": round(memory.stop()),
    }


def look(name: str, rounds: int) -> dict[str, Any]:
    """Ask the panel's events, and decide and undo."""
    import fiftyone as fo
    import fiftyone.operators as foo
    from fiftyone.operators.executor import ExecutionContext, Executor

    dataset, panel = fo.load_dataset(name), foo.get_operator(PANEL)
    taken: dict[str, list[float]] = {}

    def ask(event: str, title: str = "", /, **request: Any) -> Any:
        asked = {"run": "deconfuse", "iteration": 1, **request}
        params = {"__method__": event, "request": asked}
        began = time.perf_counter()
        context = ExecutionContext(
            request_params={"dataset_name": dataset.name, "view": [], "params": params},
            executor=Executor(),
            operator_uri=PANEL,
        )
        reply = panel.execute(context)
        text = json.dumps(reply)
        taken.setdefault(title or event, []).append(time.perf_counter() - began)
        if "error" in reply:
            raise RuntimeError(f"{event}: {text[:500]}")
        return reply

    memory = PeakMemory()
    memory.start()
    for _ in range(rounds):
        ask("status")
        ask("overview", order="count", labels=[], with_classes=True)
        of = _largest_cell(ask("cells", labels=[*range(CLASSES)])["cells"])
        page: dict[str, Any] = {"offset": 0, "limit": 60, "iies": None, "edge": 96}
        ask("cell", "a cell of suspects", **of, **page)
        ask("cell", "a cell of agreement", label=0, prediction=0, **page)
        ask("queue", cell=None, skip=[], limit=60)
        ask("show_in_grid", **of)
        ask("outdated")
    peak_looking = memory.peak - memory.before
    _decide(ask, dataset, rounds)
    times = {
        title: {"first": round(of[0], 3), "then": round(statistics.median(of[1:] or of), 3)}
        for title, of in taken.items()
    }
    return {"peak_mb_looking": round(peak_looking), "peak_mb": round(memory.stop()), **times}


def _largest_cell(cells: dict[str, Any]) -> dict[str, int]:
    """Label and prediction of the largest cell in which they differ."""
    label, prediction, count = (cells[name] for name in ("label", "prediction", "open"))
    wrong = [i for i in range(len(label)) if label[i] != prediction[i]]
    best = max(wrong, key=lambda i: count[i])
    return {"label": label[best], "prediction": prediction[best]}


def _decide(ask: Callable[..., Any], dataset: Any, rounds: int) -> None:
    from plugin.store.runs import load_run

    rows = load_run(dataset, "deconfuse").iteration().samples
    for turn in range(rounds):
        for title, count in (("one sample", 1), (f"{AT_ONCE:,} samples", AT_ONCE)):
            first = rows // 2 + turn * AT_ONCE
            chosen = list(range(first, first + count))
            ask("resolve", f"a decision on {title}", action="relabel", rows=chosen, label="new")
            ask("overview", "the overview after it", order="count", labels=[], with_classes=False)
            ask("undo", f"the undo of {title}", decision=None)


def main() -> None:
    """Make the datasets, measure each in processes of its own, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 3_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2)
    options = parser.parse_args()
    if options.measure:
        stage, name = options.measure
        print(json.dumps({"score": score, "look": look}[stage](name, options.rounds)))
        return
    own_database.start()
    rows = []
    for samples in options.sizes:
        began = time.perf_counter()
        dataset = grow(samples)
        row: dict[str, Any] = {"samples": samples, "made_s": round(time.perf_counter() - began, 1)}
        for stage in ("score", "look"):
            command = [sys.executable, __file__, "--rounds", str(options.rounds)]
            output = subprocess.run(
                [*command, "--measure", stage, dataset.name], check=True, stdout=subprocess.PIPE
            ).stdout
            row[stage] = json.loads(output.splitlines()[-1])
            print(f"{samples:,} {stage}: {json.dumps(row[stage])}", flush=True)
        row["load"] = [round(load, 1) for load in os.getloadavg()]
        rows.append(row)
        dataset.delete()
    print(json.dumps({"benchmark": "many_rows", "rows": rows}))


if __name__ == "__main__":
    main()
