"""No wrong act by accident, in the real App: double presses, held keys, new classes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.label_errors_panel import panel, shoot, violations

# React draws between them, the browser paints nothing.
AT_ONCE = """async keys => {
  for (const key of keys) {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    for (let i = 0; i < 10; i++) await null;
  }
}"""


@pytest.fixture
def queue(app: Any, digits_run: Any) -> tuple[Any, Any, Locator]:
    """The queue of a run with its first picture drawn; app, dataset and panel."""
    dataset, _ = digits_run
    content = panel(app, dataset)
    content.locator(".dcf-cell-open").first.focus()
    app.page.keyboard.press("q")
    expect(drawn(content)).to_be_visible()
    return app, dataset, content


def drawn(content: Locator) -> Locator:
    return content.locator(".dcf-queue-picture[data-shown] img")


def left(content: Locator) -> int:
    status = content.locator(".dcf-queue .dcf-cellbar [role=status]")
    found = re.match(r"(\d+) left", status.inner_text())
    assert found
    return int(found[1])


def decided(dataset: Any) -> int:
    dataset.reload()
    return sum(value is not None for value in dataset.values("deconfuse_decision"))


def settle(app: Any, content: Locator) -> None:
    """The picture that comes next is drawn, and a double press is long over."""
    expect(drawn(content)).to_be_visible()
    app.page.wait_for_timeout(700)


def test_a_press_counts_once_for_each_picture(queue: Any) -> None:
    app, dataset, content = queue
    page, before = app.page, left(content)
    settle(app, content)
    # The picture after the first of these cannot have been seen.
    page.evaluate(AT_ONCE, ["c", "x", "a", "s", "1"])
    expect(content.get_by_test_id("dropped")).to_contain_text("Too early")
    shoot(app, "dropped-press")
    settle(app, content)
    assert left(content) == before - 1
    # A held key is one press.
    page.keyboard.down("c")
    for _ in range(6):
        page.wait_for_timeout(150)
        page.keyboard.down("c")
    page.keyboard.up("c")
    expect(content.get_by_test_id("dropped")).to_contain_text("held key")
    settle(app, content)
    assert left(content) == before - 2
    # Clicks likewise.
    confirm = content.locator(".dcf-queue-buttons").get_by_role("button", name="Confirm")
    confirm.evaluate("button => { button.click(); button.click(); button.click(); }")
    settle(app, content)
    assert left(content) == before - 3
    expect(content.get_by_text("Confirmed 1 sample.")).to_be_visible()
    assert decided(dataset) == 3
    # Undo that bounces takes one back.
    page.evaluate(AT_ONCE, ["u", "u"])
    expect(content.locator(".dcf-cellbar")).to_contain_text(f"{before - 2} left")
    settle(app, content)
    assert decided(dataset) == 2
    assert app.errors == []


def test_shift_and_caps_lock_are_no_other_key(queue: Any) -> None:
    app, dataset, content = queue
    before = left(content)
    for n, key in enumerate(("Shift+C", "Shift+Digit1", "C"), start=1):
        settle(app, content)
        app.page.keyboard.press(key)
        expect(content.locator(".dcf-cellbar")).to_contain_text(f"{before - n} left")
    settle(app, content)
    assert decided(dataset) == 3
    app.page.keyboard.press("Shift+?")
    expect(app.page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")


def test_the_panel_shows_whether_it_has_the_keyboard(queue: Any) -> None:
    app, dataset, content = queue
    before, has = left(content), content.get_by_test_id("keyboard")
    expect(has).to_have_attribute("data-has", "true")
    app.by("entry-counts").first.click()
    expect(has).to_have_attribute("data-has", "false")
    expect(has).to_contain_text("Keys off")
    shoot(app, "keyboard-elsewhere")
    assert violations(app) == []
    app.page.keyboard.press("c")
    app.page.wait_for_timeout(500)
    assert left(content) == before
    content.locator(".dcf-queue-picture").click()
    expect(has).to_have_attribute("data-has", "true")
    app.page.keyboard.press("c")
    expect(content.locator(".dcf-cellbar")).to_contain_text(f"{before - 1} left")
    settle(app, content)
    assert decided(dataset) == 1


def test_the_chooser_begins_empty_and_makes_no_class_by_enter(queue: Any) -> None:
    app, dataset, content = queue
    page, before = app.page, left(content)
    classes = set(dataset.distinct("ground_truth.label"))
    field = page.get_by_role("combobox", name="New label")
    make = page.get_by_role("button", name=re.compile("Make a new class"))
    page.keyboard.press("r")
    # The picture stays in sight.
    box = page.get_by_role("dialog", name="Relabel").bounding_box()
    picture = content.locator(".dcf-queue-picture").bounding_box()
    assert box is not None
    assert picture is not None
    assert box["x"] >= picture["x"] + picture["width"]
    assert box["width"] >= 240
    field.fill("7")
    expect(make).to_have_count(0)
    shoot(app, "chooser")
    page.keyboard.press("Enter")
    expect(content.locator(".dcf-cellbar")).to_contain_text(f"{before - 1} left")
    settle(app, content)
    page.keyboard.press("r")
    expect(field).to_have_value("")
    page.keyboard.type("77")
    expect(make).to_be_visible()
    shoot(app, "chooser-new")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    expect(field).to_be_visible()
    assert set(dataset.distinct("ground_truth.label")) == classes
    make.click()
    expect(content.locator(".dcf-cellbar")).to_contain_text(f"{before - 2} left")
    settle(app, content)
    dataset.reload()
    assert set(dataset.distinct("ground_truth.label")) == classes | {"77"}
    page.keyboard.press("r")
    expect(field).to_have_value("")
    assert app.errors == []
