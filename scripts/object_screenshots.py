"""Visits every screen of objects, and the queue of tags, for docs/screenshots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SHOWN = ".dcf-queue-picture[data-shown]"
SETTLED_MS = 400
TRIES = 60


def objects_tour(camera: Any, boxes: Any, tags: Any) -> None:
    """Overview, cell, ranking, both queues and an audit of boxes; the queue of tags."""
    page = camera.page
    camera.open(boxes, ".dcf-cell-open")
    page.locator(".dcf-cell-pictures [style*=background-image]").first.wait_for()
    camera.take("objects-overview")
    nothing = len(boxes.distinct("ground_truth.detections.label"))
    cell = f'[data-cell^="{nothing}-"]:not([data-cell="{nothing}-{nothing}"])'
    page.locator(cell).first.click()
    page.locator(".dcf-grid .dcf-tile").first.click()
    page.locator(".dcf-object-picture [data-box]").first.wait_for()
    camera.take("objects-cell")
    page.keyboard.press("o")
    page.keyboard.press("w")
    page.locator(".dcf-grid .dcf-tile").nth(2).click()
    page.locator(".dcf-object-picture [data-box]").first.wait_for()
    camera.take("objects-ranking")
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    _until(page, lambda: _kind(page) == "placement", "s")
    camera.take("objects-queue")
    page.keyboard.press("i")
    _until(page, lambda: page.locator(".dcf-suspect").count() >= 3, "n")
    page.keyboard.press("c")
    page.locator('.dcf-suspect[data-state="decided"]').wait_for()
    page.locator(SHOWN).wait_for()
    camera.take("objects-images")
    page.wait_for_timeout(SETTLED_MS)
    page.keyboard.press("u")
    page.locator('.dcf-suspect[data-state="decided"]').wait_for(state="detached")
    page.keyboard.press("p")
    page.get_by_role("button", name="Judge", exact=False).click()
    page.locator(SHOWN).wait_for()
    camera.take("objects-audit")
    camera.open(tags, ".dcf-cell-open")
    page.keyboard.press("q")
    page.locator(SHOWN).wait_for()
    camera.take("tags-queue")


def _until(page: Any, found: Callable[[], bool], key: str) -> None:
    """Press a key until what is in front is what is looked for."""
    picture = page.locator(".dcf-queue-picture")
    for _ in range(TRIES):
        page.locator(SHOWN).wait_for()
        page.wait_for_timeout(SETTLED_MS)
        if found():
            return
        row = picture.get_attribute("data-row")
        page.keyboard.press(key)
        page.locator(f'.dcf-queue-picture:not([data-row="{row}"])').wait_for()
    raise RuntimeError(f"nothing to show after {TRIES} times {key}")


def _kind(page: Any) -> str | None:
    return page.locator(".dcf-question").get_attribute("data-kind")
