"""A scripted annotator that knows the truth, in the real App on real photographs.

``python benchmarks/annotator.py [--data FOLDER] [--photographs 300] [--samples 60] [--look 0.6]
[--tools queue fiftyone]``

Photographs of clothes in ten classes, some of them labelled wrong. The annotator looks at the
suspects in the order of suspicion and gives each its true label: in the panel's queue, and in
FiftyOne's own annotation (the *Annotate* tab of the enlarged sample, arrow key to the next one).
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
import urllib.parse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
from annotator_acts import in_modal, in_queue  # noqa: E402
from annotator_hand import Hand, Slips  # noqa: E402
from annotator_witness import WITNESS, decisions, judge, to_next  # noqa: E402
from real_data import data_folder, load  # noqa: E402

from scripts.private_fiftyone import isolated  # noqa: E402
from scripts.screenshots import FLAGS, PANEL  # noqa: E402

FIELD = "ground_truth"
PLANTED = 0.13


@dataclass(frozen=True)
class Photographs:
    """What the annotator knows.

    Attributes:
        truth: the true label of each file
        given: the label that each has at first
    """

    truth: dict[str, str]
    given: dict[str, str]


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


def new_page(browser: Any) -> Any:
    """A window with the witness in it."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    context.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
    context.add_init_script(WITNESS)
    page = context.new_page()
    page.set_default_timeout(120_000)
    return page


def open_dataset(page: Any, url: str) -> None:
    """Show a dataset's grid."""
    page.goto(url)
    page.locator('[data-cy="fo-grid"]').wait_for()
    page.locator('[data-cy="entry-counts"]').first.wait_for()


def open_panel(page: Any) -> None:
    """Show the panel with its overview."""
    if not page.locator(PANEL).count():
        page.locator('[data-cy="new-panel-btn"]').first.click()
        page.locator('[data-cy="new-panel-option-label_errors"]').click()
    page.locator(".dcf-cell-open").first.wait_for()
    page.locator(".dcf-cell-open").first.focus()


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        tool: where the annotator worked
        samples: pictures judged
        minute: of them, each minute
        milliseconds: from a press to the next picture, the median
        wrong: judged samples whose label is not the true one afterwards
        not_meant: decisions that the annotator did not mean; for FiftyOne none are kept
        not_shown: changes of samples that no press met while their picture was shown
        passed: pictures passed over without a look
        made: presses, clicks, and slips of each kind
    """

    tool: str
    samples: int
    minute: float
    milliseconds: float
    wrong: int
    not_meant: int
    not_shown: int
    passed: int
    made: dict[str, int]


def witnessed(page: Any) -> Any:
    """What the witness noted."""
    return page.evaluate("({presses: window.witness.presses, drawn: window.witness.drawn})")


def panel_row(browser: Any, url: str, dataset: Any, known: Photographs, options: Any) -> Row:
    """The annotator in the panel's queue."""
    from plugin.store.runs import load_run

    run = load_run(dataset, "deconfuse")
    ids, paths = dataset.values(["id", "filepath"])
    truth = {i: known.truth[path] for i, path in zip(ids, paths, strict=True)}
    rows = run.iteration().rows_of(ids)
    name_of = {i: str(row) for i, row in zip(ids, rows, strict=True)}
    id_of = {row: i for i, row in name_of.items()}
    page = new_page(browser)
    open_dataset(page, f"{url}/datasets/{dataset.name}")
    open_panel(page)
    hand = Hand(page, np.random.default_rng(options.seed), options.look, Slips())
    meant = in_queue(hand, {name_of[i]: label for i, label in truth.items()}, options.samples)
    seen = witnessed(page)
    minutes = hand.seconds() / 60
    page.context.close()
    verdict = judge(decisions(run), seen, name_of, truth, [id_of[row] for row in meant])
    return Row(
        tool="the queue",
        samples=len(meant),
        minute=len(meant) / minutes,
        milliseconds=to_next(seen),
        wrong=verdict.wrong,
        not_meant=verdict.not_meant,
        not_shown=verdict.not_shown,
        passed=0,
        made=hand.made,
    )


def modal_row(browser: Any, url: str, dataset: Any, known: Photographs, options: Any) -> Row:
    """The annotator in FiftyOne's own annotation of the same suspects in the same order."""
    schema = dataset.generate_label_schemas(FIELD)
    schema["classes"] = sorted(set(known.truth.values()))
    dataset.update_label_schema(FIELD, schema)
    dataset.activate_label_schemas(FIELD)
    page = new_page(browser)
    open_dataset(page, f"{url}/datasets/{dataset.name}")
    hand = Hand(page, np.random.default_rng(options.seed), options.look, Slips())

    def address(path: str) -> str:
        return f"{url}/media?filepath={urllib.parse.quote(path, safe='')}"

    paths = dataset.values("filepath")
    truth = {address(path): known.truth[path] for path in paths}
    classes = schema["classes"]
    looked = in_modal(hand, truth, classes, options.samples)
    seen = witnessed(page)
    minutes = hand.seconds() / 60
    page.context.close()
    dataset.reload()
    shown = {name for press in seen["presses"] for name in press["rows"]}
    order = [address(path) for path in paths]
    label = dict(zip(order, dataset.values(f"{FIELD}.label"), strict=True))
    given = {address(path): known.given[path] for path in paths}
    places = [order.index(name) for name in looked]
    return Row(
        tool="FiftyOne's *Annotate*",
        samples=len(looked),
        minute=len(looked) / minutes,
        milliseconds=to_next(seen),
        wrong=sum(label[name] != truth[name] for name in looked),
        not_meant=0,
        not_shown=sum(label[name] != given[name] and name not in shown for name in order),
        passed=max(places) - min(places) + 1 - len(set(places)),
        made=hand.made,
    )


TOOLS = {"queue": panel_row, "fiftyone": modal_row}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--photographs", type=int, default=300)
    parser.add_argument("--samples", type=int, default=60, help="how many are judged in each tool")
    parser.add_argument("--look", type=float, default=0.6, help="median seconds of a look")
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
