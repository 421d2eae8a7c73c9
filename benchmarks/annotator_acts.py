"""What the scripted annotator does in each tool: look, decide, go on to the next picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotator_hand import KEY, Hand

LOST_SECONDS = 3.0
QUEUE = """(before) => {
  const place = document.querySelector('.dcf-queue-picture[data-shown]');
  if (!place || place.dataset.row === before) return null;
  if (!window.witness.seen.has(place.dataset.row)) return null;
  const keys = {};
  for (const p of document.querySelectorAll('.dcf-p-pick')) {
    keys[p.querySelector('.dcf-p-name').innerText] = p.querySelector('kbd')?.innerText;
  }
  const label = document.querySelector('.dcf-question strong').innerText;
  return {row: place.dataset.row, label, keys};
}"""
STILL = """(row) =>
  document.querySelector('.dcf-queue-picture[data-shown]')?.dataset.row === row"""
MODAL = """(before) => {
  const image = document.querySelector('[data-cy="sample-canvas"] img');
  const label = document.querySelector('[data-cy="modal"] [data-cy^="annotate-label-"]');
  if (!image || !label || image.src === before || !window.witness.seen.has(image.src)) return null;
  return {row: image.src, label: label.innerText.trim()};
}"""


def now_shown(page: Any, script: str, before: str | None, seconds: float) -> Any:
    """What the script returns once it returns something; None after so many seconds."""
    from playwright.sync_api import TimeoutError

    try:
        return page.wait_for_function(script, arg=before, timeout=1000 * seconds).json_value()
    except TimeoutError:
        return None


def in_queue(hand: Hand, truth: Mapping[str, str], samples: int) -> list[str]:
    """Judge in the queue, with a digit or confirm; what the annotator saw and decided on.

    Args:
        hand: in a window that shows the panel
        truth: the true label by row
        samples: how many to judge
    """
    page = hand.page
    page.keyboard.press("q")
    meant: list[str] = []
    now = now_shown(page, QUEUE, None, 120)
    hand.begin()
    while now is not None:
        hand.look()
        right = truth[now["row"]]
        hand.key("c" if right == now["label"] else now["keys"][right], neighbour="x")
        meant.append(now["row"])
        if len(meant) == samples:
            break
        before = now["row"]
        now = now_shown(page, QUEUE, before, LOST_SECONDS)
        if now is None and page.evaluate(STILL, before):  # the press did not count
            hand.count("again")
            meant.pop()
            now = now_shown(page, QUEUE, None, LOST_SECONDS)
        elif now is None:
            now = now_shown(page, QUEUE, before, 60)
    page.wait_for_timeout(1500)
    return meant


def in_modal(hand: Hand, truth: Mapping[str, str], classes: list[str], samples: int) -> list[str]:
    """Judge in FiftyOne's enlarged sample, on its tab *Annotate*; what the annotator looked at.

    What is right is passed over with the arrow key. What is wrong is clicked in the sidebar, its
    class is typed as far as needed and taken with Enter. The annotator does not go back.
    """
    page = hand.page
    box = page.locator('[data-cy="fo-grid"]').bounding_box()
    tab = page.locator('[data-cy="modal"] [data-cy="annotate"]')
    for _ in range(20):  # a click that comes before the grid has drawn its pictures opens nothing
        page.mouse.click(box["x"] + 80, box["y"] + 120)
        page.wait_for_timeout(3000)
        if tab.count():
            break
    tab.click()
    looked: list[str] = []
    now = now_shown(page, MODAL, None, 120)
    hand.begin()
    while now is not None:
        hand.look()
        right = truth[now["row"]]
        if right != now["label"]:
            hand.click(page.locator('[data-cy="modal"] [data-cy^="annotate-label-"]').first)
            hand.click(page.locator('[data-cy="root_label_container"] input').first)
            for letter in shortest(right, classes):
                hand.wait(KEY)
                page.keyboard.type(letter)
            hand.wait(KEY)
            page.get_by_role("option").first.wait_for()
            page.keyboard.press("Enter")
        looked.append(now["row"])
        if len(looked) == samples:
            break
        hand.key("ArrowRight")
        now = now_shown(page, MODAL, now["row"], LOST_SECONDS)
    page.wait_for_timeout(3000)
    return looked


def shortest(name: str, names: list[str]) -> str:
    """As much of a class as has to be typed until it is the first that is offered."""
    for length in range(1, len(name)):
        offered = [other for other in names if name[:length] in other]
        if offered[0] == name:
            return name[:length]
    return name
