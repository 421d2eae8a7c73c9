"""Pictures in grids, in groups, in the overview and on the map: none is cut, none overlaps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from plugin.store.runs import load_run
from scripts import chromium
from tests.browser.label_errors_panel import misplaced, panel, shoot, toggle_theme, violations
from tests.browser.window import FLAGS, NO_PROMOTION, App
from tests.panels.made_runs import write_iteration

NAMES = ["American staffordshire terrier", "Kleinspitz", "Straßenbahnhaltestellenschild", "owl"]
PHOTOGRAPHS, SMALL = 48, 8
WIDTHS = (1600, 1280, 380)


def photograph(path: Path, seed: int, size: tuple[int, int]) -> None:
    """Smooth colours, as in a photograph."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def photographs(dataset_name: str, tmp_path: Path) -> Any:
    """Photographs, wide and tall, and a few icons; long class names; a third labelled wrong."""
    import fiftyone as fo

    new = fo.Dataset(dataset_name)
    rng = np.random.default_rng(0)
    samples = []
    for i in range(PHOTOGRAPHS + SMALL):
        path = tmp_path / f"{i}.png"
        size = (12, 9) if i < SMALL else (360, 240) if i % 2 else (200, 300)
        photograph(path, i, size)
        label = fo.Classification(label=NAMES[i % 4])
        samples.append(fo.Sample(filepath=str(path), ground_truth=label))
    new.add_samples(samples, progress=False)
    logits = rng.normal(size=(len(samples), 4))
    wrong = rng.random(len(samples)) < 0.3
    logits[np.arange(len(samples)), (np.arange(len(samples)) + wrong) % 4] += 4
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    write_iteration(new, p, NAMES, rng.normal(size=(len(samples), 8)))
    return new


def narrowed(app: Any, content: Locator, width: int) -> None:
    """The window in a width; below 600 the panel alone, as beside a wide grid."""
    app.page.set_viewport_size({"width": max(width, 1280), "height": 900})
    root = content.locator(".dcf")
    at = f"{width}px" if width < 600 else ""
    root.evaluate(
        "(e, at) => { e.style.width = at; e.style.right = at ? 'auto' : ''; }",
        at,
    )
    app.page.wait_for_timeout(300)


def side(content: Locator, selector: str) -> float:
    box = content.locator(selector).first.bounding_box()
    assert box is not None
    return box["width"]


def slack(content: Locator) -> float:
    """Pixels of a grid's width that are left beside its last column."""
    return content.locator(".dcf-grid").evaluate(
        "e => e.getBoundingClientRect().left + e.clientLeft + e.clientWidth - Math.max("
        "...[...e.querySelectorAll('.dcf-tile')].map(t => t.getBoundingClientRect().right))"
    )


def test_pictures_fill_the_columns_at_every_width_and_size(app: Any, photographs: Any) -> None:
    content = panel(app, photographs)
    for key, name in (("w", "ranking"), ("Enter", "grid")):
        if key == "Enter":
            app.page.keyboard.press("o")
            content.locator(".dcf-cell-open").first.click()
            expect(content.locator(".dcf-map canvas")).to_be_visible()
            app.page.keyboard.press("g")
        else:
            app.page.keyboard.press(key)
        expect(content.locator(".dcf-tile > span").first).to_be_visible()
        for width in WIDTHS:
            narrowed(app, content, width)
            assert misplaced(app, ".dcf-tile", ".dcf-grid") == [], (name, width)
            columns = content.locator(".dcf-grid").evaluate(
                "e => new Set([...e.querySelectorAll('.dcf-tile')]"
                ".map(t => t.getBoundingClientRect().left)).size"
            )
            assert slack(content) < 8 + columns, "the columns fill the width"
            shoot(app, f"pictures-{name}-{width}")
    narrowed(app, content, 1600)
    before = side(content, ".dcf-tile")
    slider = content.get_by_role("slider", name="Size of the images")
    slider.press("End")
    large = side(content, ".dcf-tile")
    assert large > 2 * before
    assert misplaced(app, ".dcf-tile", ".dcf-grid") == []
    grid = content.locator(".dcf-grid")
    grid.hover()
    app.page.keyboard.down("Control")
    for _ in range(6):
        app.page.mouse.wheel(0, 100)
    app.page.keyboard.up("Control")
    expect(slider).not_to_have_value("400")
    small = side(content, ".dcf-tile")
    assert small < large
    app.page.reload()
    expect(content.locator(".dcf-tile > span").first).to_be_visible()
    assert abs(side(content, ".dcf-tile") - small) < 40, "the size is kept"
    assert app.errors == []


TAKEN = "e => e.offsetWidth - e.clientWidth"
WIDTHS_OVER_TIME = """async (e) => {
  const found = [];
  for (let frame = 0; frame < 20; frame++) {
    await new Promise(requestAnimationFrame);
    found.push(e.getBoundingClientRect().width);
  }
  return [...new Set(found)];
}"""


@pytest.fixture
def with_bars(browser: Browser, app_url: str) -> Iterator[App]:
    """A window whose scrollbars take room, as those of most desktops do."""
    launched = browser.browser_type.launch(
        executable_path=chromium.find(), args=FLAGS, ignore_default_args=["--hide-scrollbars"]
    )
    context = launched.new_context(viewport={"width": 1600, "height": 1000})
    context.add_init_script(NO_PROMOTION)
    yield App(context.new_page(), app_url)
    launched.close()


def test_no_size_hangs_on_whether_there_is_a_scrollbar(with_bars: App, photographs: Any) -> None:
    content, page = panel(with_bars, photographs), with_bars.page
    cell, tile = ".dcf-cell-open", ".dcf-tile"
    for key, scroller, card in (("o", ".dcf-list", cell), ("w", ".dcf-grid", tile)):
        page.keyboard.press(key)
        found, room = {}, 0
        for height in (3_000, 500, 640, 720, 800, 3_000):
            page.set_viewport_size({"width": 1600, "height": height})
            expect(content.locator(f"{card} .dcf-wait")).to_have_count(0)
            page.wait_for_timeout(150)
            bar = content.locator(scroller).evaluate("e => e.scrollHeight > e.clientHeight")
            room = max(room, content.locator(scroller).evaluate(TAKEN))
            widths = content.locator(card).first.evaluate(WIDTHS_OVER_TIME)
            assert len(widths) == 1, (scroller, height, "it flickers")
            found.setdefault(bar, set()).update(widths)
        assert room > 8, "the browser shows bars"
        assert found[True] == found[False], (scroller, found)


def test_few_pixels_are_shown_as_they_are_and_photographs_smoothly(
    app: Any, photographs: Any
) -> None:
    content = panel(app, photographs)
    app.page.keyboard.press("w")
    expect(content.locator(".dcf-tile > span").first).to_be_visible()
    content.get_by_role("slider", name="Size of the images").press("Home")
    tiles = content.locator(".dcf-tile > span:first-child")
    expect(content.locator(".dcf-wait")).to_have_count(0)
    found = tiles.evaluate_all(
        "all => all.map(e => [Number(e.parentElement.dataset.row), "
        "getComputedStyle(e).imageRendering, e.offsetHeight / e.offsetWidth])"
    )
    assert found
    for row, rendering, shape in found:
        small = abs(shape - 9 / 12) < 0.04
        assert rendering == ("pixelated" if small else "auto"), (row, shape)
    toggle_theme(app)
    shoot(app, "pictures-light")


def test_cells_of_the_overview_show_pictures_and_fill_the_width(app: Any, photographs: Any) -> None:
    content = panel(app, photographs)
    shown = content.locator(".dcf-cell-pictures > span > span:not(.dcf-wait)")
    expect(shown.first).to_be_visible()
    iteration = load_run(photographs, "deconfuse").iteration()
    cells = iteration.cells
    wanted = sum(min(3, int(n)) for n in cells.count)
    expect(shown).to_have_count(wanted)
    for width in WIDTHS:
        narrowed(app, content, width)
        assert misplaced(app, ".dcf-row .dcf-cell", ".dcf-list") == [], width
        names = content.locator(".dcf-cell-name").evaluate_all(
            "all => all.map(e => [e.title, e.innerText, e.offsetHeight])"
        )
        assert all(title == text and height < 20 for title, text, height in names)
        shoot(app, f"pictures-overview-{width}")
    narrowed(app, content, 1600)
    toggle_theme(app)
    shoot(app, "pictures-overview-light")
    expect(content.locator(".dcf-cell-pictures").first).to_be_visible()
    assert violations(app) == []

    # Without pictures rows are lower, also after a reload.
    tall = (content.locator(".dcf-cell").first.bounding_box() or {"height": 0})["height"]
    content.get_by_role("button", name="Images", exact=True).click()
    expect(content.locator(".dcf-cell-pictures")).to_have_count(0)
    assert (content.locator(".dcf-cell").first.bounding_box() or {"height": 0})["height"] < tall
    app.page.reload()
    expect(content.locator(".dcf-cell-open").first).to_be_visible()
    expect(content.locator(".dcf-cell-pictures")).to_have_count(0)
    assert app.errors == []
