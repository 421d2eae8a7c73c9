"""A closer look at a picture in the real App: full resolution, light, the whole window."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from plugin.audit.audits import draw_audit
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    PRESS_MS,
    largest,
    open_cell,
    panel,
    shoot,
    truth,
    violations,
    wrong_in,
)
from tests.browser.test_context import STICKING_OUT, in_queue
from tests.panels.made_runs import write_iteration

WIDTH, HEIGHT = 2_000, 1_200
INSIDE = """(image) => {
  const a = image.getBoundingClientRect();
  const b = image.parentElement.getBoundingClientRect();
  return [a.left - b.left, a.top - b.top, a.width, a.height, b.width, b.height];
}"""


def off_centre(image: Locator) -> list[float]:
    """How far an image lies off the middle of its room, which what comes beside it may change."""
    left, top, width, height, room, tall = image.evaluate(INSIDE)
    return [left + (width - room) / 2, top + (height - tall) / 2]


@pytest.fixture
def large(dataset_name: str, tmp_path: Path) -> Any:
    """Two suspects of 2,000 × 1,200 pixels: a JPEG, then a TIFF of 16 bits."""
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    grain = np.random.default_rng(0).normal(0, 0.1, (HEIGHT, WIDTH))
    shades = np.clip((np.sin(9 * x) * np.cos(7 * y) + 1) / 2 + grain, 0, 1)
    Image.fromarray((shades * 255).astype(np.uint8)).save(tmp_path / "photo.jpg")
    Image.fromarray((shades * 900 + 100).astype(np.uint16)).save(tmp_path / "scan.tif")
    dataset = fo.Dataset(dataset_name)
    label = fo.Classification(label="a")
    dataset.add_samples(
        [
            fo.Sample(filepath=str(tmp_path / name), ground_truth=label.copy())
            for name in ("photo.jpg", "scan.tif")
        ],
        progress=False,
    )
    write_iteration(dataset, np.array([[0.1, 0.9], [0.2, 0.8]]), ["a", "b"], np.eye(2))
    return dataset


def picture_of(content: Locator) -> tuple[Locator, Locator]:
    box = content.locator(".dcf-queue-picture[data-shown] .dcf-viewer-box")
    expect(box).to_be_visible()
    return box, box.locator("img").first


def original(box: Locator) -> Locator:
    """The full resolution, once it is shown."""
    shown = box.locator(".dcf-viewer-original[data-there]")
    expect(shown).to_be_visible()
    return shown


def test_it_is_enlarged_to_the_pixels_of_its_file(app: Any, large: Any) -> None:
    content, page = in_queue(app, large), app.page
    box, image = picture_of(content)
    left, top, width, height, room, tall = image.evaluate(INSIDE)
    assert min(left, top) >= -1
    assert (abs(width - room) < 2) or (abs(height - tall) < 2)
    page.keyboard.press("z")
    full = original(box)
    assert full.evaluate("e => [e.naturalWidth, e.naturalHeight]") == [WIDTH, HEIGHT]
    assert "media" in str(full.get_attribute("src"))
    assert image.evaluate(INSIDE)[2:4] == [WIDTH, HEIGHT]
    expect(content.locator(".dcf-viewer-tools")).to_contain_text("100 %")

    # Dragging and the arrows move it, the wheel enlarges where the pointer is.
    before = off_centre(image)
    at = box.bounding_box()
    assert at is not None
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 50, y - 30, steps=3)
    page.mouse.up()
    after = off_centre(image)
    assert np.allclose(np.subtract(after, before), [-50, -30], atol=1.5)
    page.keyboard.press("ArrowRight")
    assert off_centre(image)[0] == pytest.approx(after[0] - 60, abs=1.5)
    page.mouse.wheel(0, -2_000)
    expect(content.locator(".dcf-viewer-tools")).to_contain_text("1600 %")
    assert full.evaluate("e => getComputedStyle(e).imageRendering") == "pixelated"
    page.keyboard.press("z")
    expect(content.locator(".dcf-viewer-tools")).to_contain_text("100 %")
    assert full.evaluate("e => getComputedStyle(e).imageRendering") == "auto"
    shoot(app, "viewer-full")
    page.keyboard.press("z")
    assert image.evaluate(INSIDE)[2] <= room + 1

    # What the browser cannot show is made for it.
    page.wait_for_timeout(400)
    page.keyboard.press("s")
    expect(content.locator(".dcf-details")).to_contain_text("scan.tif")
    box, image = picture_of(content)
    page.keyboard.press("z")
    full = original(box)
    assert full.evaluate("e => [e.naturalWidth, e.naturalHeight]") == [WIDTH, HEIGHT]
    assert str(full.get_attribute("src")).startswith("data:image")
    assert app.errors == []


def test_an_audit_is_looked_at_as_closely_and_stays_blind(app: Any, large: Any) -> None:
    draw_audit(load_run(large, "deconfuse"), 2, seed=0)
    content, page = panel(app, large), app.page
    page.keyboard.press("p")
    content.get_by_role("button", name=re.compile("Judge")).click()
    for place in range(2):
        content.locator(f'.dcf-queue-picture[data-place="{place}"][data-shown]').wait_for()
        box, image = picture_of(content)
        page.keyboard.press("z")
        full = original(box)
        assert full.evaluate("e => [e.naturalWidth, e.naturalHeight]") == [WIDTH, HEIGHT]
        html = content.inner_html()
        for told in ("photo.jpg", "scan.tif", "filepath", str(large.first().filepath)):
            assert told not in html
        page.keyboard.press("b")
        page.keyboard.press("ArrowUp")
        expect(content.locator(".dcf-viewer-tools")).to_contain_text("drag for light")
        assert "brightness(1." in str(image.evaluate("e => getComputedStyle(e).filter"))
        shoot(app, f"audit-full-{place}")
        page.keyboard.press("d")
        assert image.evaluate("e => getComputedStyle(e).filter") == "none"
        page.wait_for_timeout(PRESS_MS)
        page.keyboard.press("1")
    expect(content.get_by_role("region", name="Audit")).to_contain_text("2 of 2 judged")
    assert app.errors == []


def test_the_light_is_dragged_kept_and_put_back(app: Any, digits_run: Any) -> None:
    content, page = in_queue(app, digits_run[0]), app.page
    box, image = picture_of(content)
    light = "e => getComputedStyle(e).filter"
    assert image.evaluate(light) == "none"
    assert image.evaluate("e => getComputedStyle(e).imageRendering") == "pixelated"
    at = box.bounding_box()
    assert at is not None
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2

    def drag(dx: float, dy: float) -> None:
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + dx, y + dy, steps=3)
        page.mouse.up()

    drag(0, -80)
    assert image.evaluate(light) == "none"
    page.keyboard.press("b")
    drag(0, -80)
    brightness = r"brightness\(1\.6\d+\) contrast\(1\)"
    assert re.fullmatch(brightness, str(image.evaluate(light)))
    page.keyboard.press("ArrowRight")
    assert re.fullmatch(r"brightness\(1\.6\d+\) contrast\(1\.1\d+\)", image.evaluate(light))
    page.keyboard.press("b")
    shoot(app, "viewer-light")
    page.wait_for_timeout(400)
    page.keyboard.press("s")
    expect(content.locator(".dcf-queue .dcf-cellbar")).to_contain_text("1 skipped")
    _, image = picture_of(content)
    assert "contrast(1.1" in image.evaluate(light)
    page.reload()
    _, image = picture_of(content)
    assert "contrast(1.1" in image.evaluate(light)
    page.keyboard.press("d")
    expect(image).to_have_css("filter", "none")
    assert app.errors == []


def test_the_panel_takes_the_whole_window(new_window: Any, digits_run: Any) -> None:
    app = new_window(width=1280, height=800)
    content, page = in_queue(app, digits_run[0]), app.page
    root = content.locator(".dcf")
    before = root.bounding_box()
    page.keyboard.press("f")
    expect(content.locator(".dcf-whole")).to_be_visible()
    assert root.bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 800}
    # Nothing of the App lies over it.
    for x, y in ((3, 3), (640, 3), (1277, 3), (3, 797), (640, 400), (1277, 797)):
        assert page.evaluate(
            "([x, y]) => !!document.elementFromPoint(x, y).closest('.dcf')", [x, y]
        ), (x, y)
    box, _ = picture_of(content)
    for context in (False, True):
        if context:
            page.keyboard.press("k")
            expect(content.locator(".dcf-context-near li[data-row]")).to_have_count(6)
        size = box.bounding_box()
        assert size is not None
        assert size["width"] >= 640
        assert size["height"] >= (400 if context else 520)
        assert wrong_in(root, STICKING_OUT) == []
        shoot(app, f"viewer-whole-{context}")
    assert violations(app) == []
    # The keyboard stays with the panel, on other screens and in what opens on top as well.
    page.keyboard.press("r")
    expect(page.get_by_role("combobox")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(content.locator(".dcf-tile").first).to_be_visible()
    expect(content.locator(".dcf-whole")).to_be_visible()
    page.keyboard.press("Escape")
    expect(content.locator(".dcf-whole")).to_have_count(0)
    expect(content.locator(".dcf-tile").first).to_be_visible()
    assert root.bounding_box() == before
    assert app.errors == []


def test_nothing_is_decided_on_an_enlarged_picture_of_a_cell(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content, page = panel(app, dataset), app.page
    open_cell(content, largest(truth(dataset, p)))
    page.keyboard.press("g")
    content.locator(".dcf-tile").first.click()
    expect(content.locator(".dcf-inspect .dcf-picture img")).to_be_visible()
    page.keyboard.press("z")
    enlarged = content.get_by_role("region", name="Enlarged image")
    expect(enlarged).to_be_visible()
    page.keyboard.press("k")
    expect(enlarged.locator(".dcf-context-near li[data-row]")).to_have_count(6)
    shoot(app, "viewer-cell")
    for key in "caxt":
        page.keyboard.press(key)
    page.keyboard.press("+")
    expect(enlarged.locator("[data-enlarged]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(enlarged).to_have_count(0)
    expect(content.locator(".dcf-chosen")).to_contain_text("1 sample selected")
    page.wait_for_timeout(500)
    dataset.reload()
    assert len(dataset) == 400
    assert not any(dataset.values("deconfuse_decision"))
    assert app.errors == []


# Whether each of the points that cover an element is on it, with nothing over it.
ON_TOP = """(e) => {
  const box = e.getBoundingClientRect();
  const under = [];
  for (let i = 1; i < 40; i++) for (let j = 1; j < 40; j++) {
    const [x, y] = [box.left + (box.width * i) / 40, box.top + (box.height * j) / 40];
    const top = document.elementFromPoint(x, y);
    const other = !e.contains(top) && !top?.closest('.MuiTooltip-popper');
    if (x < innerWidth && y < innerHeight && other) under.push([x, y, top?.outerHTML]);
  }
  return under.slice(0, 3);
}"""


def test_what_opens_lies_over_all_else_of_the_app(app: Any, digits_run: Any) -> None:
    content, page = in_queue(app, digits_run[0]), app.page
    paper = page.locator(".MuiModal-root .MuiPaper-root")

    def alone(selector: str) -> None:
        expect(page.locator(selector).first).to_be_visible()
        page.wait_for_timeout(300)  # it fades in
        assert wrong_in(page.locator(selector).first, ON_TOP) == [], selector
        page.keyboard.press("Escape")
        expect(paper).to_have_count(0)

    for whole in (False, True):
        if whole:
            page.keyboard.press("f")
            expect(content.locator(".dcf-whole")).to_be_visible()
            assert wrong_in(content.locator(".dcf"), ON_TOP) == []
        page.keyboard.press("?")
        alone(".MuiDialog-paper")
        picture_of(content)
        page.keyboard.press("r")
        alone(".MuiPopover-paper")
        content.get_by_role("combobox").first.press("Enter")
        alone(".MuiPopover-paper")
        content.get_by_role("button", name="Options of the next iteration").press("Enter")
        alone(".MuiDialog-paper")
        page.keyboard.press("`")
        expect(app.by("operators-browser-search")).to_be_visible()
        assert wrong_in(app.by("operators-browser"), ON_TOP) == []
        page.keyboard.press("Escape")
        expect(app.by("operators-browser-search")).to_have_count(0)
    assert app.errors == []


def test_the_panel_is_opened_by_the_keyboard(app: Any, digits_run: Any) -> None:
    app.open(digits_run[0])
    page = app.page
    page.keyboard.press("`")
    app.by("operators-browser-search").fill("open the panel")
    page.keyboard.press("Enter")
    content = app.by("panel-content-label_errors")
    expect(content.locator(".dcf-cell-open").first).to_be_visible()
    # The arrows find the cells, Tab the buttons.
    focused = "e => e.contains(document.activeElement) && document.activeElement.className"
    root = content.locator(".dcf")
    page.keyboard.press("ArrowDown")
    assert "dcf-cell-open" in str(root.evaluate(focused))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(content.locator('canvas[data-points]:not([data-points="0"])')).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    assert root.evaluate(focused) is not False
    # What went elsewhere comes back.
    app.by("selector-dataset").first.focus()
    keyboard = content.get_by_test_id("keyboard")
    expect(keyboard).to_have_attribute("data-has", "false")
    page.keyboard.press("F6")
    expect(keyboard).to_have_attribute("data-has", "true")
    page.keyboard.press("g")
    expect(content.locator(".dcf-tile").first).to_be_visible()
    page.keyboard.press("F6")
    page.keyboard.press("ArrowDown")
    assert "dcf-tile" in str(root.evaluate(focused))
    page.keyboard.press("q")
    expect(content.locator(".dcf-queue-picture[data-shown]")).to_be_visible()
    assert app.errors == []
