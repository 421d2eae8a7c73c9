"""Takes the pictures of docs/screenshots: every screen of the panel, dark and light.

Usage: .venv/bin/python scripts/screenshots.py [--scenes FOLDER] [--themes dark light]
    [--of samples objects]

It works on a database of its own, with things on a table that it draws itself (scenes.py), with
1,000 made-up classes, and with digits on canvases that have boxes and tags (demo_objects.py).
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.private_fiftyone import isolated  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"]
DRAWN = """() => {
  const root = document.querySelector('.dcf');
  const pictures = [...root.querySelectorAll('.dcf-cell-pictures > span, .dcf-landmark')];
  return !root.querySelector('.dcf-wait')
    && pictures.every((one) => one.querySelector('[style*="background-image"]'));
}"""
THEMES = ["dark", "light"]
SETTLED_MS = 400
"""After which a press is meant for the picture that came."""
PANEL = '[data-cy="panel-content-label_errors"]'


Visit = Callable[[Callable[..., "Camera"]], None]


class Camera:
    """One App window in which screens are visited and photographed."""

    def __init__(
        self, browser: Any, url: str, theme: str, width: int = 1600, few_colours: bool = False
    ):
        context = browser.new_context(
            viewport={"width": width, "height": 1000}, reduced_motion="reduce"
        )
        context.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
        self.page = context.new_page()
        self.page.set_default_timeout(180_000)
        self.url, self.theme, self.few_colours = url, theme, few_colours

    def open(self, dataset: Any, ready: str) -> None:
        """Show the panel on a dataset, as for who was never there."""
        if self.page.url.startswith(self.url):
            self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
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
            self.page.keyboard.press("F6")  # the click has taken the keys from the panel
        self.page.locator(ready).first.wait_for()

    def take(self, name: str, *, whole: bool = False) -> None:
        """Write one picture, of the panel or of the whole App."""
        self.page.mouse.move(5, 5)
        self.page.wait_for_timeout(600)
        self.page.wait_for_function(DRAWN)
        target = self.page if whole else self.page.locator(".dcf")
        path = OUT / f"{name}-{self.theme}.png"
        target.screenshot(path=path)
        if self.few_colours:
            in_few_colours(path)


def in_few_colours(path: Path) -> None:
    """Write a picture anew with a palette, which grey pictures and flat colours do with."""
    with Image.open(path) as taken:
        flat = taken.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    flat.save(path, optimize=True)


def rounds(camera: Camera, things: Any, copies: Any, done: Any) -> None:
    """The screens beyond cells: near-duplicates, and progress with a blind audit."""
    page = camera.page
    camera.open(copies, ".dcf-cell-open")
    page.keyboard.press("n")
    page.locator(".dcf-groupscroll h2").wait_for()
    page.keyboard.press("d")
    page.locator(".dcf-differ-pictures img").first.wait_for()
    camera.take("duplicates")
    camera.open(done, ".dcf-cell-open")
    page.keyboard.press("p")
    page.locator(".dcf-interval").first.wait_for()
    camera.take("progress")
    camera.open(things, ".dcf-cell-open")
    page.keyboard.press("p")
    judge = page.get_by_role("button", name="Judge", exact=False)
    draw = page.get_by_role("button", name="Draw an audit", exact=True)
    judge.or_(draw).first.click()
    page.locator(".dcf-queue-picture img").wait_for()
    camera.take("audit")


def tour(camera: Camera, thousand: Any, things: Any) -> None:
    """Every screen in one theme."""
    page = camera.page
    camera.open(things, ".dcf-cell-open")
    camera.take("overview")
    camera.take("app", whole=True)
    page.locator(".dcf-cell:not(.dcf-cell-correct) .dcf-cell-open").first.click()
    page.get_by_text("UMAP", exact=True).wait_for()
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
    page.keyboard.press("o")
    page.locator(".dcf-cell-correct .dcf-cell-open").first.click()
    page.keyboard.press("b")
    page.locator(".dcf-pagegrid[data-drawn] .dcf-tile").nth(4).click()
    camera.take("pages")
    page.keyboard.press("b")
    page.keyboard.press("o")
    page.keyboard.press("q")
    page.locator(".dcf-queue-picture[data-shown]").wait_for()
    page.wait_for_timeout(SETTLED_MS)
    page.keyboard.press("a")
    page.locator(".dcf-recent button").first.wait_for()
    page.locator(".dcf-queue-picture[data-shown]").wait_for()
    camera.take("queue")
    page.keyboard.press("k")
    page.locator(".dcf-context-near li[data-row]").first.wait_for()
    camera.take("compare")
    page.keyboard.press("k")
    page.keyboard.press("u")
    page.locator(".dcf-recent").wait_for(state="detached")
    page.keyboard.press("?")
    page.get_by_text("Keyboard shortcuts").first.wait_for()
    camera.take("shortcuts", whole=True)
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    page.keyboard.press("w")
    page.locator(".dcf-tile").first.wait_for()
    camera.take("ranking")
    page.keyboard.press("o")
    page.keyboard.press("m")
    page.get_by_test_id("map-points").wait_for()
    camera.take("map")
    page.keyboard.press("o")
    camera.open(thousand, ".dcf-cell-open")
    camera.take("thousand-classes")


def states(camera: Camera, fresh: Any, changed: Any, clean: Any) -> None:
    """What is there when there is nothing to judge, or something else goes on."""
    from plugin.store.jobs import Job

    page = camera.page
    camera.open(fresh, ".dcf-screen")
    camera.take("no-run")
    with Job(changed, "deconfuse", "Next iteration") as job:
        job(0.4, "Epoch 3/6, loss 0.213, agreement 95.1%, 2 min left")
        camera.open(changed, ".dcf-running")
        page.locator(".dcf-banner").wait_for()
        page.get_by_text("Epoch 3/6").wait_for()
        camera.take("running-and-outdated")
    camera.open(clean, ".dcf-achieved")
    camera.take("all-resolved")


def narrow_panel(camera: Camera, things: Any) -> None:
    """Every screen in the width that the App gives a panel on a small display."""
    page = camera.page
    camera.open(things, ".dcf-cell-open")
    camera.take("narrow")
    page.locator(".dcf-cell:not(.dcf-cell-correct) .dcf-cell-open").first.click()
    camera.take("narrow-cell")
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    page.locator(".dcf-queue-picture[data-row]").wait_for()
    camera.take("narrow-queue")


def main() -> None:
    """Build the datasets, serve the App, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, help="where the drawn pictures are, or are kept")
    parser.add_argument("--themes", nargs="*", choices=THEMES, default=THEMES)
    parser.add_argument("--of", nargs="*", choices=TOURS, default=TOURS, help="of which screens")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    home = isolated("deconfuse-shots-")
    from playwright.sync_api import sync_playwright

    from scripts import chromium
    from scripts.app_server import app_server

    folder = options.scenes or home / "scenes"
    parts = [TOURS[name](folder, home) for name in options.of]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with app_server(port, home / "server.log") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        for theme in options.themes:
            for visit in parts:
                visit(lambda theme=theme, **how: Camera(browser, url, theme, **how))
        browser.close()


def of_samples(folder: Path, home: Path) -> Visit:
    """Make the datasets of whole images; what visits their screens."""
    import fiftyone as fo
    import fiftyone.operators as foo

    from scripts.screenshot_datasets import (
        changed_outside,
        copies,
        reviewed,
        scenes,
        thousand,
        without_suspects,
    )

    made = scenes(folder)
    many, twice = thousand(made), copies(made, home / "copies")
    foo.get_operator("@deconfuse/label-errors/map_dataset")(made)
    fresh = fo.Dataset("fresh", persistent=True)
    fresh.add_samples(
        fo.Sample(filepath=s.filepath, ground_truth=s.ground_truth) for s in made.limit(40)
    )
    done = reviewed(made)
    changed, clean = changed_outside(made), without_suspects(made)

    def visit(camera: Callable[..., Camera]) -> None:
        rounds(camera(), made, twice, done)
        tour(camera(), many, made)
        states(camera(), fresh, changed, clean)
        narrow_panel(camera(width=1090), made)

    return visit


def of_objects(folder: Path, home: Path) -> Visit:
    """Make the datasets of boxes and tags; what visits their screens."""
    from scripts.object_screenshots import objects_tour
    from scripts.screenshot_datasets import boxes, tags

    made = boxes(folder / "canvases")
    tagged = tags(made)
    return lambda camera: objects_tour(camera(few_colours=True), made, tagged)


TOURS = {"samples": of_samples, "objects": of_objects}


if __name__ == "__main__":
    main()
