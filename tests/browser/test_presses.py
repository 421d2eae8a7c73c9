"""No wrong act by accident, in the real App: double presses, held keys, new classes."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from plugin.decisions.resolve import resolve
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import AT_ONCE, panel, shoot, violations

# The moment that the next picture is drawn, a press or a click comes that was meant for this one.
AS_IT_COMES = """key => new Promise((done, never) => {
  setTimeout(never, 20000);
  const press = key =>
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
  const picture = document.querySelector('.dcf-queue-picture');
  const before = picture.dataset.row;
  new MutationObserver((_, observer) => {
    if (picture.dataset.row === before || !picture.dataset.shown) return;
    observer.disconnect();
    if (key) press(key);
    else document.querySelector('.dcf-queue-side [aria-keyshortcuts=x]').click();
    done();
  }).observe(picture, {attributes: true, subtree: true});
  press('c');
})"""


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


def decided(dataset: Any, expected: int) -> int:
    """How many samples are decided on, once as many are as expected: writing takes its time."""
    until = time.monotonic() + 10
    while True:
        dataset.reload()
        found = sum(value is not None for value in dataset.values("deconfuse_decision"))
        if found == expected or time.monotonic() > until:
            return found
        time.sleep(0.2)


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
    assert decided(dataset, 3) == 3
    # Undo that bounces takes one back.
    page.evaluate(AT_ONCE, ["u", "u"])
    expect(content.locator(".dcf-cellbar")).to_contain_text(f"{before - 2} left")
    settle(app, content)
    assert decided(dataset, 2) == 2
    assert app.errors == []


def test_a_press_for_the_picture_before_decides_nothing(queue: Any) -> None:
    app, dataset, content = queue
    before = left(content)
    dropped = content.get_by_test_id("dropped")
    for n, key in enumerate(("x", None), start=1):
        settle(app, content)
        expect(dropped).to_have_text("")
        app.page.evaluate(AS_IT_COMES, key)
        expect(dropped).to_contain_text("only just come")
        settle(app, content)
        assert left(content) == before - n
        assert decided(dataset, n) == n
    # What comes later is meant for it.
    expect(dropped).to_have_text("")
    app.page.keyboard.press("x")
    expect(content.locator(".dcf-cellbar")).to_contain_text(f"{before - 3} left")
    assert app.errors == []


def test_a_class_that_is_chosen_is_for_the_picture_it_was_asked_for(queue: Any) -> None:
    app, dataset, content = queue
    settle(app, content)
    row = content.locator(".dcf-queue-picture").get_attribute("data-row")
    app.page.keyboard.press("r")
    field = app.page.get_by_role("combobox", name="New label")
    expect(field).to_be_visible()
    run = load_run(dataset, "deconfuse")
    ids = unpack_ids(run.iteration().column("sample_id"))
    resolve(run, "confirm", [ids[int(row)]])
    # Somebody else's decision takes the picture away while one looks for the class.
    picture = content.locator(f'.dcf-queue-picture[data-row="{row}"]')
    expect(picture).to_have_count(0)
    settle(app, content)
    labels = dataset.values("ground_truth.label")
    field.fill("7")
    app.page.keyboard.press("Enter")
    expect(content.get_by_test_id("dropped")).to_contain_text("Another image came")
    settle(app, content)
    assert decided(dataset, 1) == 1
    assert dataset.values("ground_truth.label") == labels
    assert app.errors == []


def test_enter_on_a_button_works_for_one_picture_after_the_other(queue: Any) -> None:
    app, dataset, content = queue
    before = left(content)
    confirm = content.locator(".dcf-queue-buttons").get_by_role("button", name="Confirm")
    confirm.focus()
    for n in (1, 2):
        settle(app, content)
        app.page.keyboard.press("Enter")
        expect(content.locator(".dcf-cellbar")).to_contain_text(f"{before - n} left")
        expect(confirm).to_be_focused()
    # One that comes before the picture is dropped, and is seen to be.
    settle(app, content)
    confirm.evaluate("async button => { button.click(); await null; button.click(); }")
    expect(content.get_by_test_id("dropped")).to_be_visible()
    settle(app, content)
    assert left(content) == before - 3
    assert decided(dataset, 3) == 3
    assert app.errors == []


def test_shift_and_caps_lock_are_no_other_key(queue: Any) -> None:
    app, dataset, content = queue
    before = left(content)
    for n, key in enumerate(("Shift+C", "Shift+Digit1", "C"), start=1):
        settle(app, content)
        app.page.keyboard.press(key)
        expect(content.locator(".dcf-cellbar")).to_contain_text(f"{before - n} left")
    settle(app, content)
    assert decided(dataset, 3) == 3
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
    assert decided(dataset, 1) == 1


def test_the_chooser_begins_empty_and_makes_no_class_by_enter(queue: Any) -> None:
    app, dataset, content = queue
    page, before = app.page, left(content)
    classes = set(dataset.distinct("ground_truth.label"))
    field = page.get_by_role("combobox", name="New label")
    make = page.get_by_role("button", name=re.compile("Make a new class"))
    settle(app, content)
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


def test_a_decision_is_named_and_any_of_the_last_can_be_undone(queue: Any) -> None:
    app, dataset, content = queue
    page, before = app.page, left(content)
    strip = content.get_by_role("region", name="Last decisions").get_by_role("button")
    picture = content.locator(".dcf-queue-picture")
    rows = []
    for n in (1, 2, 3):
        settle(app, content)
        rows.append(picture.get_attribute("data-row"))
        page.keyboard.press("ax"[n == 3])
        expect(strip).to_have_count(n)
    expect(content.get_by_text("Removed 1 sample.")).to_be_visible()
    expect(strip.first).to_have_accessible_name(re.compile("^Undo removed "))
    # Each with its picture, that of the removed sample too.
    expect(content.locator(".dcf-recent-picture > span[style*=background-image]")).to_have_count(3)
    shoot(app, "recent")
    assert violations(app) == []
    # One line, however narrow: the rest is beside.
    page.set_viewport_size({"width": 650, "height": 900})
    region = content.get_by_role("region", name="Last decisions")
    assert region.evaluate(
        "e => e.scrollHeight <= 52 && e.lastChild.scrollWidth > e.lastChild.clientWidth"
    )
    page.set_viewport_size({"width": 1600, "height": 1000})
    assert decided(dataset, 2) == 2
    strip.last.click()  # the first of the three
    expect(strip).to_have_count(2)
    expect(content.get_by_text("Undone for 1 sample.")).to_be_visible()
    expect(content.get_by_test_id("what")).to_have_text(re.compile(r"^\d → \d$"))
    expect(picture).to_have_attribute("data-row", str(rows[0]))
    settle(app, content)
    assert left(content) == before - 2
    assert decided(dataset, 1) == 1
    # Removing stands apart from what is pressed all the time.
    boxes = {
        name: content.locator(".dcf-queue-side").get_by_role("button", name=name).bounding_box()
        for name in ("Undo", "Remove")
    }
    assert boxes["Remove"]["y"] >= boxes["Undo"]["y"] + boxes["Undo"]["height"] + 12
    assert app.errors == []


def test_a_class_keeps_its_digit_unless_chosen_otherwise(queue: Any) -> None:
    app, _, content = queue
    keys = content.locator(".dcf-p kbd")
    likely = content.locator(".dcf-p-likely")
    for _ in range(2):
        settle(app, content)
        assert keys.all_inner_texts() == [str(digit) for digit in range(10)]
        expect(likely).to_have_count(1)
        expect(likely).to_contain_text("prediction")
        app.page.keyboard.press("c")
    settle(app, content)
    content.get_by_role("button", name="By probability").click()
    expect(keys.first).to_have_text("1")
    expect(content.locator(".dcf-p").first).to_contain_text("prediction")
    app.page.reload()
    expect(content.locator(".dcf-p").first).to_contain_text("prediction")
    expect(keys.first).to_have_text("1")
