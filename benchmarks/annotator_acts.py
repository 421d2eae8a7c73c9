"""What the scripted annotator does in each tool: look, decide, go on to the next picture."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from annotator_hand import Hand

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
PAGE = """(before) => {
  const grid = document.querySelector('.dcf-pagegrid[data-drawn]');
  if (!grid) return null;
  const rows = [...grid.querySelectorAll('.dcf-tile')].map((tile) => tile.dataset.row);
  if (!rows.length || rows.join() === before) return null;
  return rows.every((row) => window.witness.seen.has(row)) ? rows : null;
}"""
ENDED = "ended"
PAGE_OR_END = f"""(before) => document.querySelector('.dcf-pagegrid .dcf-tile')
  ? ({PAGE})(before) : '{ENDED}'"""
MODAL_LABEL = '[data-cy="modal"] [data-cy^="annotate-label-"]'
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


def in_pages(
    hand: Hand, truth: Mapping[str, str], label: str, glance: float, samples: int
) -> tuple[list[str], list[str], list[float]]:
    """Confirm a cell page by page, but the exceptions, which are clicked and stay open.

    Args:
        hand: in a window that shows a cell of which label and prediction are the same, in pages
        truth: the true label by row
        label: what the cell is labelled as
        glance: median seconds of a look at one of many pictures
        samples: how many to judge

    Returns:
        what was judged, of it what was meant to be confirmed, and milliseconds from each press to
        the next page
    """
    page = hand.page
    judged: list[str] = []
    meant: list[str] = []
    waits: list[float] = []
    now = now_shown(page, PAGE, None, 60)
    while now and len(judged) < samples:
        wrong = [row for row in now if truth[row] != label]
        hand.look(len(now), glance)
        for row in wrong:
            hand.click(page.locator(f'.dcf-pagegrid .dcf-tile[data-row="{row}"]'))
        hand.key("Enter", neighbour=" ")
        pressed = time.monotonic()
        after = now_shown(page, PAGE_OR_END, ",".join(now), LOST_SECONDS)
        if after is None:
            hand.count("again")
            now = now_shown(page, PAGE, None, LOST_SECONDS)
            continue
        judged += now
        meant += [row for row in now if row not in wrong]
        if after == ENDED:
            break
        waits.append(1000 * (time.monotonic() - pressed))
        now = after
    return judged, meant, waits


def open_modal(page: Any) -> None:
    """Enlarge the first sample of the grid and show what FiftyOne annotates there.

    Raises:
        TimeoutError: of Playwright, where that does not come up
    """
    first = page.locator('[data-cy="fo-grid"] [data-cy="looker"]').first
    first.wait_for()
    modal, label = page.locator('[data-cy="modal"]'), page.locator(MODAL_LABEL).first
    for _ in range(20):  # what comes before the grid or the modal is ready does nothing
        if not modal.count():
            first.click(position={"x": 60, "y": 60})
        elif modal.locator('[data-cy="annotate"]').count():
            modal.locator('[data-cy="annotate"]').click()
        page.wait_for_timeout(3000)
        if label.count():
            return
    label.wait_for()


def in_modal(hand: Hand, truth: Mapping[str, str], samples: int) -> list[str]:
    """Judge in FiftyOne's enlarged sample, on its tab *Annotate*; what the annotator looked at.

    What is right is passed over by the arrow beside the picture, on which the mouse rests. What is
    wrong is clicked in the sidebar, then the right class in the list of all; FiftyOne keeps that by
    itself. The annotator does not return to a sample.
    """
    page = hand.page
    open_modal(page)
    after = page.locator('[data-cy="nav-right-button"]').first
    looked: list[str] = []
    now = now_shown(page, MODAL, None, 120)
    if now is None:
        raise RuntimeError("FiftyOne's modal showed no picture with a label to annotate")
    hand.begin()
    rests = False
    while now is not None:
        hand.look()
        right = truth[now["row"]]
        if right != now["label"]:
            rests = False
            hand.click(page.locator(MODAL_LABEL).first)
            choices = page.locator('[data-cy="root_label_container"]')
            hand.click(choices.get_by_role("radio", name=right, exact=True))
        looked.append(now["row"])
        if len(looked) == samples:
            break
        hand.click(after, rests=rests)
        rests = True
        now = now_shown(page, MODAL, now["row"], 60)
    page.wait_for_timeout(3000)
    return looked
