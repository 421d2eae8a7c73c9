"""What an event of the panel waits for its dataset: kept, beside FiftyOne's loading, in turns.

    python benchmarks/kept_dataset.py [--repeat 50]

Both ways see what another process changed. FiftyOne's own instance is let go after each turn, as it
is after each event. Datasets have fields of classifications and numbers, two runs and a saved view.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import own_database  # noqa: E402
from pymongo import monitoring  # noqa: E402

FIELDS = (6, 30, 100)


class Commands(monitoring.CommandListener):
    """Counts what the database is asked."""

    number = 0

    def started(self, event: Any) -> None:
        """One more."""
        Commands.number += 1

    def succeeded(self, event: Any) -> None:
        """Nothing to note."""

    def failed(self, event: Any) -> None:
        """Nothing to note."""


def made(fields: int) -> Any:
    """A dataset with so many fields, half of them labels."""
    import fiftyone as fo

    dataset = fo.Dataset(f"benchmark-kept-{uuid.uuid4().hex[:8]}")
    for i in range(fields // 2):
        label = fo.EmbeddedDocumentField
        dataset.add_sample_field(f"label_{i}", label, embedded_doc_type=fo.Classification)
        dataset.add_sample_field(f"score_{i}", fo.FloatField)
    dataset.add_samples(
        [fo.Sample(filepath=f"/nowhere/{i}.png") for i in range(10)], progress=False
    )
    for key in ("one", "two"):
        dataset.register_run(key, dataset.init_run(method=key))
    dataset.save_view("some", dataset.limit(5))
    return dataset


def turn(load: Callable[[str], Any], name: str) -> tuple[float, int]:
    """Milliseconds and commands until the dataset can be worked on."""
    asked, began = Commands.number, time.perf_counter()
    dataset = load(name)
    took = time.perf_counter() - began
    assert dataset.name == name
    return took * 1e3, Commands.number - asked


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=50)
    options = parser.parse_args()
    monitoring.register(Commands())
    own_database.start()
    import fiftyone as fo

    from plugin.store.kept_datasets import kept_dataset

    ways = {"FiftyOne": lambda name: fo.load_dataset(name, reload=True), "kept": kept_dataset}
    print("| fields | FiftyOne loads it: ms | commands | kept: ms | commands | times |")
    print("|---|---|---|---|---|---|")
    for fields in FIELDS:
        name = made(fields).name
        took: dict[str, list[tuple[float, int]]] = {way: [] for way in ways}
        for _ in range(options.repeat + 1):
            for way, load in ways.items():
                took[way].append(turn(load, name))
        theirs, ours = (
            [statistics.median(column) for column in zip(*took[way][1:], strict=True)]
            for way in ways
        )
        shown = f"{theirs[0]:.1f} | {theirs[1]:.0f} | {ours[0]:.2f} | {ours[1]:.0f}"
        print(f"| {fields} | {shown} | {theirs[0] / ours[0]:.0f} |")
        fo.delete_dataset(name)


if __name__ == "__main__":
    main()
