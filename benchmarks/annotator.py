"""A scripted annotator that knows the truth, in the real App on real photographs.

``python benchmarks/annotator.py [--data FOLDER] [--photographs 600] [--samples 100] [--paged 300]
[--look 0.6] [--glance 0.6] [--tools queue pages fiftyone]``

Photographs of clothes in ten classes, some of them labelled wrong. The annotator looks at the
suspects in the order of suspicion and gives each its true label: in the panel's queue, and in
FiftyOne's own annotation (the *Annotate* tab of the enlarged sample). Of what the classifier agrees
with it confirms whole pages, cell by cell, but what is labelled wrong, which stays open.
It takes a person's time for each look, key and click (annotator_hand.py), and its fingers slip:
double presses, held keys, neighbouring keys.

What was shown is read from the page at the time of each press (annotator_witness.py), what was
decided from the journal, FiftyOne's labels from the database. Prints a table and a JSON line.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
from annotator_tools import FIELD, TOOLS, Photographs, Row  # noqa: E402
from real_data import data_folder, load  # noqa: E402

from scripts.private_fiftyone import isolated  # noqa: E402
from scripts.screenshots import FLAGS  # noqa: E402

PLANTED = 0.13


def some_photographs(folder: Path, count: int, seed: int) -> Photographs:
    """A part of the photographs, a share of them with a planted wrong label."""
    images = load("clothing", folder)
    truth, given = images.labels["label"], images.labels["planted_label"]
    rng = np.random.default_rng(seed)
    wrong = rng.permutation(np.flatnonzero(truth != given))[: round(PLANTED * count)]
    right = rng.permutation(np.flatnonzero(truth == given))[: count - len(wrong)]
    at = np.sort(np.concatenate([wrong, right]))
    return Photographs(
        truth={images.paths[i]: str(truth[i]) for i in at},
        given={images.paths[i]: str(given[i]) for i in at},
    )


def make_dataset(name: str, photographs: Photographs) -> Any:
    """A dataset of the photographs with a run on it."""
    import fiftyone as fo

    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings

    dataset = fo.Dataset(name, persistent=True)
    samples = [
        fo.Sample(filepath=path, **{FIELD: fo.Classification(label=label)})
        for path, label in photographs.given.items()
    ]
    dataset.add_samples(samples, progress=False)
    settings = {"label_field": FIELD, "source": "features", "duplicates": False}
    find_label_errors(dataset, Settings.from_mapping(settings))
    dataset.reload()
    return dataset


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--photographs", type=int, default=600)
    parser.add_argument("--samples", type=int, default=100, help="how many are judged one by one")
    parser.add_argument("--paged", type=int, default=300, help="how many are judged in pages")
    parser.add_argument("--look", type=float, default=0.6, help="median seconds of a look")
    parser.add_argument("--glance", type=float, default=0.6, help="the same, of many on a page")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tools", nargs="*", choices=TOOLS, default=list(TOOLS))
    options = parser.parse_args()
    known = some_photographs(data_folder(options.data), options.photographs, options.seed)
    home = isolated("deconfuse-annotator-")
    from playwright.sync_api import sync_playwright

    from scripts import chromium
    from scripts.app_server import app_server

    dataset = make_dataset("photographs", known)
    suspects = dataset.match(
        fo_field(f"{FIELD}.label") != fo_field("deconfuse_prediction.label")
    ).sort_by("deconfuse_suspicion", reverse=True)
    again = suspects.clone("photographs-again", persistent=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    rows = []
    with app_server(port, home / "server.log") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        for tool in options.tools:
            judged = again if tool == "fiftyone" else dataset
            rows.append(TOOLS[tool](browser, url, judged, known, options))
            print(rows[-1], file=sys.stderr, flush=True)
        browser.close()
    print_table(rows, options)


def fo_field(name: str) -> Any:
    """A field in a view's expression."""
    from fiftyone import ViewField

    return ViewField(name)


def print_table(rows: list[Row], options: Any) -> None:
    """The table for docs/benchmarks/panel.md, and a JSON line."""
    print(
        "| where | samples | a minute | press to next picture | wrong | not meant | not shown | "
        "passed over unseen |"
    )
    print("|---" * 8 + "|")
    for row in rows:
        print(
            f"| {row.tool} | {row.samples} | {row.minute:.1f} | {row.milliseconds:.0f} ms | "
            f"{row.wrong} | {row.not_meant} | {row.not_shown} | {row.passed} |"
        )
    measured = {"benchmark": "annotator", **vars(options), "rows": [asdict(row) for row in rows]}
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
