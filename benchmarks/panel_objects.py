"""The panel on objects beside the panel on whole images, as many of them.

``python benchmarks/panel_objects.py [--images 100000] [--repeat 5]``

Two synthetic runs, of as many images: one on their classes, one on ten boxes of each. In the real
App in Chromium, as medians of turns that take one run after the other: opening the panel (click to
first cells), opening a cell (click to its first pictures), and a decision (key to the cell's new
count, and to the refreshed overview). Prints a table with the ratios and a JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from panel import CHANGED, PAINTED, REFRESHED, timed, write_images, write_run  # noqa: E402

from scripts.private_fiftyone import isolated  # noqa: E402
from scripts.screenshots import FLAGS  # noqa: E402

CLASSES = 10
PICTURED = f"""() => ({PAINTED})() ||
  [...document.querySelectorAll('.dcf-tile > span')].some((one) => one.style.backgroundImage)"""
NO_PROMOTION = "localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')"
COLUMNS = ("panel", "cell", "decision", "overview")


def turn(page: Any, address: str, which: int) -> dict[str, float]:
    """Milliseconds of each step on one dataset, in the cell of that place."""
    page.goto(address)
    page.locator('[data-cy="fo-grid"]').wait_for()
    page.locator('[data-cy="entry-counts"]').first.wait_for()
    page.locator('[data-cy="new-panel-btn"]').first.click()
    option = page.locator('[data-cy="new-panel-option-label_errors"]')
    option.wait_for()
    cells = page.locator(".dcf-cell:not(.dcf-cell-correct) .dcf-cell-open")
    taken = {"panel": timed(option.click, cells.first.wait_for)}
    cell = cells.nth(which)
    cell.wait_for()
    taken["cell"] = timed(cell.click, lambda: page.wait_for_function(PICTURED))
    tiles = page.locator(".dcf-grid .dcf-tile")
    if not tiles.count():
        page.keyboard.press("g")
    tiles.first.click()
    page.locator(".dcf-actions[data-shown]").wait_for()
    head = page.locator('[data-testid="cell-open"]')
    before, element = head.inner_text(), head.element_handle()
    revision = page.locator(".dcf-cellscreen").get_attribute("data-revision")
    start = time.perf_counter()
    page.keyboard.press("c")
    page.wait_for_function(CHANGED, arg=[element, before])
    taken["decision"] = 1000 * (time.perf_counter() - start)
    page.wait_for_function(REFRESHED, arg=revision)
    taken["overview"] = 1000 * (time.perf_counter() - start)
    return taken


def measure(addresses: dict[str, str], repeat: int) -> dict[str, dict[str, float]]:
    """Medians in milliseconds by run; the first turn, which fills caches, is left out."""
    from playwright.sync_api import sync_playwright

    from scripts import chromium

    turns: dict[str, list[dict[str, float]]] = {name: [] for name in addresses}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        for which in range(repeat + 1):
            for name, address in addresses.items():
                # A window of its own: the panel goes on where one was.
                context = browser.new_context(
                    viewport={"width": 1600, "height": 1000}, reduced_motion="reduce"
                )
                context.add_init_script(NO_PROMOTION)
                page = context.new_page()
                page.set_default_timeout(300_000)
                turns[name].append(turn(page, address, which))
                context.close()
                print(name, {k: round(v) for k, v in turns[name][-1].items()}, flush=True)
        browser.close()
    return {
        name: {c: round(statistics.median(one[c] for one in every[1:])) for c in COLUMNS}
        for name, every in turns.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    home = isolated("deconfuse-bench-")
    import numpy as np
    from resolve_objects import LABELS, synthetic_run

    from scripts.app_server import app_server

    paths = write_images(home / "images")
    whole = write_run(paths, asked.images, CLASSES)
    boxed, _, _ = synthetic_run(asked.images, np.random.default_rng(51), paths)
    boxed.dataset.persistent = True
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with app_server(port, home / "server.log") as url:
        datasets = {"images": whole, "objects": boxed.dataset}
        rows = measure(
            {name: f"{url}/datasets/{one.name}" for name, one in datasets.items()}, asked.repeat
        )
    print(f"| {asked.images:,} images | " + " | ".join(COLUMNS) + " |\n" + "|---" * 5 + "|")
    ratios = {c: round(rows["objects"][c] / rows["images"][c], 2) for c in COLUMNS}
    named = {
        "their classes": rows["images"],
        f"{asked.images * LABELS:,} boxes on them": rows["objects"],
        "times": ratios,
    }
    for name, row in named.items():
        print(f"| {name} | " + " | ".join(f"{row[c]:,}" for c in COLUMNS) + " |")
    about = {"cores": os.cpu_count(), "load": os.getloadavg()[1]}
    print(json.dumps({"benchmark": "panel_objects", **about, "images": asked.images, **named}))


if __name__ == "__main__":
    main()
