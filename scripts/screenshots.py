"""Takes the pictures of docs/screenshots: every screen of the panel, dark and light.

Usage: .venv/bin/python scripts/screenshots.py

It works on a database of its own, with scikit-learn's digits and with 1,000 made-up classes.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.private_database import PrivateDatabase  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"]
PANEL = '[data-cy="panel-content-label_errors"]'
DIGITS = 1_797
CLASSES = 1_000
SPREAD = 30_000


def isolate(home: Path) -> PrivateDatabase:
    """Point FiftyOne at a database and a plugin folder of its own."""
    plugins = home / "plugins"
    plugins.mkdir()
    (plugins / "deconfuse").symlink_to(ROOT, target_is_directory=True)
    database = PrivateDatabase(home / "db")
    os.environ.update(
        **database.environment(),
        FIFTYONE_PLUGINS_DIR=str(plugins),
        FIFTYONE_PLUGINS_CACHE_ENABLED="true",
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_SHOW_PROGRESS_BARS="false",
        DECONFUSE_CACHE_DIR=str(home / "cache"),
    )
    database.wait()
    return database


def digits(home: Path) -> Any:
    """Digits with planted label errors, and a run on them."""
    import fiftyone as fo

    from scripts import demo_data
    from tests.panels.made_runs import digit_probabilities, write_iteration

    made = demo_data.digits(home / "digits")[:DIGITS]
    labels = tuple(str(digit.label) for digit in made)
    dataset = fo.Dataset("digits", persistent=True)
    dataset.add_samples(
        fo.Sample(
            filepath=str(digit.path),
            tags=["train"],
            ground_truth=fo.Classification(label=str(digit.label)),
        )
        for digit in made
    )
    p, features = digit_probabilities(labels, DIGITS)
    write_iteration(dataset, p, [str(i) for i in range(10)], features)
    return dataset


def thousand(home: Path) -> Any:
    """1,000 classes with a run whose classifier confuses neighbours."""
    import fiftyone as fo
    import numpy as np

    from tests.panels.made_runs import write_iteration

    rng = np.random.default_rng(0)
    classes = [f"species {i:03d}" for i in range(CLASSES)]
    label = rng.integers(0, CLASSES, SPREAD)
    paths = sorted((home / "digits").iterdir())
    dataset = fo.Dataset("thousand", persistent=True)
    dataset.add_samples(
        fo.Sample(
            filepath=str(paths[i % len(paths)]),
            ground_truth=fo.Classification(label=classes[label[i]]),
        )
        for i in range(SPREAD)
    )
    away = np.where(rng.random(SPREAD) < 0.3, 0, rng.geometric(0.04, SPREAD))
    sure = (0.2 + 0.75 * rng.beta(2, 2, SPREAD)).astype(np.float32)
    p = np.full((SPREAD, CLASSES), 1e-4, np.float32)
    p[np.arange(SPREAD), label] = (1 - sure) / 2
    p[np.arange(SPREAD), (label + away) % CLASSES] = sure
    write_iteration(dataset, p / p.sum(1, keepdims=True), classes)
    return dataset


class Camera:
    """One App window in which screens are visited and photographed."""

    def __init__(self, browser: Any, url: str, theme: str, width: int = 1600):
        context = browser.new_context(
            viewport={"width": width, "height": 1000}, reduced_motion="reduce"
        )
        context.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
        self.page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.url, self.theme = url, theme

    def open(self, dataset: Any, ready: str) -> None:
        """Show the panel on a dataset."""
        self.page.goto(f"{self.url}/datasets/{dataset.name}")
        self.page.locator('[data-cy="fo-grid"]').wait_for()
        self.page.locator('[data-cy="entry-counts"]').first.wait_for()
        if not self.page.locator(PANEL).count():
            self.page.locator('[data-cy="new-panel-btn"]').first.click()
            self.page.locator('[data-cy="new-panel-option-label_errors"]').click()
        self.page.locator(".dcf").wait_for()
        if self.page.locator(".dcf").get_attribute("data-theme") != self.theme:
            self.page.locator('[title*="mode" i], [aria-label*="mode" i]').first.click()
            self.page.locator(f'.dcf[data-theme="{self.theme}"]').wait_for()
        self.page.locator(ready).first.wait_for()

    def take(self, name: str, *, whole: bool = False) -> None:
        """Write one picture, of the panel or of the whole App."""
        self.page.wait_for_timeout(600)
        target = self.page if whole else self.page.locator(".dcf")
        target.screenshot(path=OUT / f"{name}-{self.theme}.png")


def tour(camera: Camera, digits: Any, thousand: Any, fresh: Any) -> None:
    """Every screen in one theme."""
    page = camera.page
    camera.open(digits, ".dcf-cell-open")
    camera.take("overview")
    camera.take("app", whole=True)
    page.locator(".dcf-cell:not(.dcf-cell-correct) .dcf-cell-open").first.click()
    page.get_by_text("UMAP", exact=True).wait_for()
    page.locator(".dcf-pair").first.wait_for()
    box = page.locator(".dcf-map canvas").bounding_box()
    x, y, w, h = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(x + 3, y + 3)
    page.mouse.down()
    for ax, ay in ((0.5, 0.02), (0.5, 0.97), (0.02, 0.97), (0.02, 0.02)):
        page.mouse.move(x + ax * w, y + ay * h, steps=5)
    page.mouse.up()
    page.locator(".dcf-probabilities").wait_for()
    camera.take("cell")
    page.keyboard.press("g")
    page.locator(".dcf-tile").first.wait_for()
    camera.take("grid")
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    page.locator(".dcf-queue-picture[data-row]").wait_for()
    camera.take("queue")
    page.keyboard.press("?")
    page.get_by_text("Keyboard shortcuts").first.wait_for()
    camera.take("shortcuts", whole=True)
    page.keyboard.press("Escape")
    camera.open(thousand, ".dcf-cell-open")
    camera.take("thousand-classes")
    camera.open(fresh, ".dcf-screen")
    camera.take("no-run")


def main() -> None:
    """Build the datasets, serve the App, and take the pictures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="deconfuse-shots-") as folder:
        home = Path(folder)
        database = isolate(home)
        import fiftyone as fo
        from playwright.sync_api import sync_playwright

        from scripts import chromium
        from scripts.app_server import app_server

        made, many = digits(home), thousand(home)
        fresh = fo.Dataset("fresh", persistent=True)
        fresh.add_samples(list(made.limit(40)))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with app_server(port, home / "server.log") as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
            for theme in ("dark", "light"):
                tour(Camera(browser, url, theme), made, many, fresh)
                narrow = Camera(browser, url, theme, width=1090)
                narrow.open(made, ".dcf-cell-open")
                narrow.take("narrow")
            browser.close()
        database.stop()


if __name__ == "__main__":
    main()
