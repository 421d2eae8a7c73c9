"""The map of a million samples in the browser, beside FiftyOne's embeddings panel.

Usage: .venv/bin/python benchmarks/projector.py [--samples 1000000] [--seconds 5]

Both show the same points of the same dataset in the same Chromium, in the colours that they begin
with. Measured are the seconds from the click to the picture, and the time from frame to frame while
the wheel zooms in and out and the mouse moves. Prints a table and a JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from panel import write_images, write_run  # noqa: E402

from scripts.private_fiftyone import isolated  # noqa: E402
from scripts.screenshots import FLAGS, PANEL  # noqa: E402

RECORD = """() => {
  window.frames_seen = [];
  let last = performance.now();
  window.recording = true;
  const step = (now) => {
    window.frames_seen.push(now - last);
    last = now;
    if (window.recording) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""
RECORDED = "() => { window.recording = false; return window.frames_seen.slice(1); }"
EMBEDDINGS = '[data-cy="panel-content-Embeddings"]'


def put_on_map(dataset: Any) -> None:
    """The same made-up places, a cloud a class, for our map and for FiftyOne's brain run."""
    import fiftyone.brain as fob
    import numpy as np

    from plugin.layout.store import keep_map
    from plugin.store.runs import load_run

    run = load_run(dataset, "deconfuse")
    iteration = run.iteration()
    rng = np.random.default_rng(0)
    label = iteration.column("label")
    centres = rng.random((len(iteration.classes), 2))
    places = centres[label] + rng.normal(scale=0.03, size=(len(label), 2))
    places = (places - places.min(0)) / (places.max(0) - places.min(0))
    keep_map(run, iteration, places, rng.random(len(label)).astype(np.float32))
    ids = [raw.hex() for raw in iteration.column("sample_id").astype("V12").tolist()]
    where = dict(zip(ids, places.tolist(), strict=True))
    points = np.array([where[i] for i in dataset.values("id")])
    fob.compute_visualization(dataset, points=points, brain_key="places")


def shaken(page: Any, box: dict[str, float], seconds: float) -> dict[str, float]:
    """Milliseconds from frame to frame while one zooms and drags."""
    import numpy as np

    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.evaluate(RECORD)
    until, turn = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        page.mouse.wheel(0, -120 if turn % 8 < 4 else 120)
        page.mouse.move(x + 3 * (turn % 10), y + 2 * (turn % 7))
        turn += 1
    frames = np.array(page.evaluate(RECORDED))
    return {
        "frames": len(frames),
        "median_ms": round(float(np.median(frames)), 1),
        "p95_ms": round(float(np.quantile(frames, 0.95)), 1),
        "longest_ms": round(float(frames.max()), 1),
        "frames_a_second": round(1000 * len(frames) / float(frames.sum()), 1),
    }


def our_map(page: Any, seconds: float) -> dict[str, float]:
    """The Map screen of the panel."""
    page.locator('[data-cy="new-panel-btn"]').first.click()
    page.locator('[data-cy="new-panel-option-label_errors"]').click()
    page.locator(f"{PANEL} .dcf-cell-open").first.wait_for()
    started = time.perf_counter()
    page.keyboard.press("m")
    page.get_by_test_id("map-points").wait_for()
    page.wait_for_function(
        "() => /samples/.test(document.querySelector('[data-testid=map-points]').innerText)"
    )
    page.locator(".dcf-scatter canvas").first.wait_for()
    shown = time.perf_counter() - started
    page.get_by_role("button", name="Pan", exact=True).click()
    box = page.locator(".dcf-scatter canvas").first.bounding_box()
    return {"shown_s": round(shown, 1), **shaken(page, box, seconds)}


def embeddings_panel(page: Any, seconds: float) -> dict[str, float]:
    """FiftyOne's own panel on the same points."""
    page.locator('[data-cy="new-panel-btn"]').first.click()
    page.locator('[data-cy="new-panel-option-Embeddings"]').click()
    panel = page.locator(EMBEDDINGS)
    panel.wait_for()
    chosen = panel.get_by_text("places", exact=True).first
    chosen.wait_for()
    started = time.perf_counter()
    chosen.click()
    panel.get_by_text(re.compile("^[0-9,.]+ points$")).wait_for()
    panel.locator("canvas").first.wait_for()
    shown = time.perf_counter() - started
    page.wait_for_timeout(3_000)
    box = panel.locator("canvas").first.bounding_box()
    return {"shown_s": round(shown, 1), **shaken(page, box, seconds)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    home = isolated("deconfuse-bench-")
    from playwright.sync_api import sync_playwright

    from scripts import chromium
    from scripts.app_server import app_server

    dataset = write_run(write_images(home / "images"), asked.samples, 10)
    put_on_map(dataset)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with app_server(port, home / "server.log") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        for name, look in (("Map", our_map), ("FiftyOne's embeddings panel", embeddings_panel)):
            context = browser.new_context(viewport={"width": 1600, "height": 1000})
            context.add_init_script(
                "localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')"
            )
            page = context.new_page()
            page.set_default_timeout(180_000)
            page.goto(f"{url}/datasets/{dataset.name}")
            page.locator('[data-cy="entry-counts"]').first.wait_for()
            try:
                rows[name] = look(page, asked.seconds)
            finally:
                pictures = os.environ.get("DECONFUSE_PICTURES")
                if pictures:
                    page.screenshot(path=Path(pictures) / f"projector-{len(rows)}.png")
            print(name, rows[name], flush=True)
            context.close()
        browser.close()
    print(json.dumps({"samples": asked.samples, "cores": os.cpu_count(), **rows}))


if __name__ == "__main__":
    main()
