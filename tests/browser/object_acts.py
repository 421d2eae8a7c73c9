"""Acts on objects in the browser, and what they do to the labels as the database has them."""

from __future__ import annotations

import re
import time
from typing import Any

from playwright.sync_api import Locator, expect

from scripts.demo_objects import FIELD
from tests.browser.label_errors_panel import PRESS_MS

Labels = dict[str, tuple[str, list[float]]]

ACTS = {
    "missing": ("a", "c", "r", "e"),
    "spurious": ("a", "c"),
    "class": ("a", "c", "r", "1", "x"),
    "placement": ("a", "c", "e"),
}
"""What is pressed on an object of each kind."""

DONE = re.compile("(Added|Removed|Relabelled|Moved|Confirmed) 1 object")


def labels_of(dataset: Any) -> Labels:
    """The class and the box of each label by its id, as the database has them."""
    wanted = [f"{FIELD}.detections.{name}" for name in ("id", "label", "bounding_box")]
    return {
        i: (label, box)
        for image in zip(*dataset.values(wanted), strict=True)
        for i, label, box in zip(*image, strict=True)
    }


def changed(before: Labels, after: Labels) -> dict[str, Any]:
    """What differs, by label id."""
    every = before.keys() | after.keys()
    return {i: (before.get(i), after.get(i)) for i in every if before.get(i) != after.get(i)}


def differing(before: Labels, dataset: Any, count: int) -> dict[str, Any]:
    """What differs once so many labels do: the screen shows a decision before it is written."""
    until = time.monotonic() + 30
    while len(found := changed(before, labels_of(dataset))) != count and time.monotonic() < until:
        time.sleep(0.1)
    assert len(found) == count
    return found


def press(content: Locator, key: str) -> None:
    """One act: a class is typed, an outline is moved and sized, then saved."""
    keyboard = content.page.keyboard
    keyboard.press(key)
    if key == "r":
        content.page.get_by_role("dialog", name="Relabel").wait_for()
        keyboard.type("7")
        keyboard.press("Enter")
    if key == "e":
        expect(content.locator(".dcf-adjust")).to_be_focused()
        for _ in range(4):
            keyboard.press("ArrowRight")
        keyboard.press("e")
        keyboard.press("ArrowUp")
        content.page.wait_for_timeout(PRESS_MS)
        keyboard.press("Enter")


def expected(kind: str, key: str, difference: dict[str, Any]) -> None:
    """What an act does to the labels."""
    if key == "c":
        assert difference == {}
        return
    ((before, after),) = difference.values()
    if kind == "missing":
        assert before is None
        assert after is not None
    elif key == "x" or kind == "spurious":
        assert after is None
    elif key == "e" or kind == "placement":
        assert before[0] == after[0]
        assert before[1] != after[1]
    else:
        assert before[0] != after[0]
        assert before[1] == after[1]
    if key == "r":
        assert after is not None
        assert after[0] == "7"
