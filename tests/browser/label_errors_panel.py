"""What the browser tests do with the panel: open it, find a cell, draw a lasso, ask axe."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import FloatRect, Locator, Page, Route, expect
from sklearn.datasets import load_digits

from tests.panels.made_runs import digit_probabilities, planted, write_iteration

CLASSES = [str(digit) for digit in range(10)]
PRESS_MS = 320
"""After which the same key is another press, no bounce of the one before."""
SETTLE_MS = 160
"""After which a press is meant for the picture that came, not for the one before."""
REST_S = 15
REST_STEP_MS = 250
"""So long, and so often, a page is looked at until nothing is wrong with it any more."""
AXE = Path(__file__).resolve().parents[2] / "panels/web/node_modules/axe-core/axe.min.js"

# What of each card lies outside of it, and which cards lie over one another or beside the holder.
GEOMETRY = """([selector, holder]) => {
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 &&
    a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const text = (e) => `${e.className}: ${e.innerText ?? ''}`.slice(0, 80);
  const box = document.querySelector(holder).getBoundingClientRect();
  const cards = [...document.querySelectorAll(selector)];
  const wrong = [];
  const rects = cards.map((card) => card.getBoundingClientRect());
  cards.forEach((card, i) => {
    const at = rects[i];
    if (at.left < box.left - 1 || at.right > box.right + 1) wrong.push(`beside: ${text(card)}`);
    for (const part of card.querySelectorAll('*')) {
      const here = part.getBoundingClientRect();
      if (here.width && !part.closest('.dcf-sr') && !inside(here, at))
        wrong.push(`cut: ${text(part)}`);
    }
    rects.slice(0, i).forEach((other) => {
      if (at.left < other.right - 1 && other.left < at.right - 1 &&
          at.top < other.bottom - 1 && other.top < at.bottom - 1) wrong.push(`over: ${text(card)}`);
    });
  });
  return wrong;
}"""


# Ends when everything that moves or fades has, but for what never does.
AT_REST = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime < Infinity)
  .map((one) => one.finished.catch(() => {})))"""


# Presses keys: React draws between them, the browser paints nothing.
AT_ONCE = """async keys => {
  for (const key of keys) {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    for (let i = 0; i < 10; i++) await null;
  }
}"""


# What of each card's text lies under its picture, or is cut.
CAPTIONS = """() => [...document.querySelectorAll('.dcf-tile')].flatMap((card) => {
  const [picture, caption] = card.children;
  const below = caption.getBoundingClientRect();
  const cut = [...caption.querySelectorAll('.dcf-caption-value')].some(
    (line) => line.scrollWidth > line.clientWidth || line.offsetHeight > 18);
  const over = picture.getBoundingClientRect().bottom > below.top + 1 ||
    below.bottom > card.getBoundingClientRect().bottom + 1;
  return cut || over ? [caption.innerText] : [];
})"""


def left_over(page: Page, look: Callable[[], list[str]]) -> list[str]:
    """What a look still finds wrong when the page had time to come to rest.

    A first look may meet a button that fades, or cards whose pictures are still on their way.
    """
    until = time.monotonic() + REST_S
    while (found := look()) and time.monotonic() < until:
        page.wait_for_timeout(REST_STEP_MS)
    return found


def misplaced(app: Any, cards: str, holder: str) -> list[str]:
    """What lies outside of its card, beside the holder or over another card, by CSS selectors."""
    return left_over(app.page, lambda: app.page.evaluate(GEOMETRY, [cards, holder]))


def covered_captions(app: Any) -> list[str]:
    """The text of each card that its picture covers, or that is cut."""
    return left_over(app.page, lambda: app.page.evaluate(CAPTIONS))


def wrong_in(part: Locator, script: str) -> list[str]:
    """What a script finds wrong in a part of the page."""
    return left_over(part.page, lambda: part.evaluate(script))


def panel(app: Any, dataset: Any) -> Locator:
    """Open the dataset and the panel on it; the panel once it shows its overview."""
    return overview(app.open_with_panel(dataset))


def shown(app: Any) -> Locator:
    """The panel, opened unless the App remembers it from another window."""
    content = app.page.locator('[data-cy="panel-content-label_errors"]')
    if content.count() == 0:
        content = app.open_panel("label_errors")
    return overview(content)


def overview(content: Locator) -> Locator:
    """The panel, once its overview shows a cell."""
    first = content.locator(".dcf-cell-open").first
    # For less CPU than an assertion, which describes the page as often as it does not hold yet.
    first.wait_for(timeout=60_000)
    expect(first).to_be_visible()
    return content


def truth(dataset: Any, p: Any) -> Counter[tuple[int, int]]:
    """Samples by label and prediction, computed from the database and the probabilities."""
    labels = dataset.values("ground_truth.label")
    return Counter((CLASSES.index(a), int(b)) for a, b in zip(labels, p.argmax(1), strict=True))


def largest(counts: Counter[tuple[int, int]]) -> tuple[int, int]:
    """The misclassified pair with the most samples."""
    return max((pair for pair in counts if pair[0] != pair[1]), key=lambda pair: counts[pair])


def cell(content: Locator, pair: tuple[int, int]) -> Locator:
    return content.locator(f'[data-cell="{pair[0]}-{pair[1]}"]')


def open_cell(content: Locator, pair: tuple[int, int]) -> None:
    cell(content, pair).click()
    expect(content.locator('canvas[data-points]:not([data-points="0"])')).to_be_visible()


def lasso(page: Page, content: Locator, *, every: bool = True) -> None:
    """Draw a lasso around the whole map, once it keeps its place and draws every point."""
    canvas = content.locator(".dcf-map canvas")
    expect(canvas).to_have_attribute("data-drawn", re.compile("[1-9]"))
    points = canvas.get_attribute("data-points")
    if points and every:  # until they are spread, some may lie on others and not be drawn
        expect(canvas).to_have_attribute("data-drawn", points)
    box = at_rest(canvas)
    left, top = box["x"] + 2, box["y"] + 2
    right, bottom = box["x"] + box["width"] - 2, box["y"] + box["height"] - 2
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def at_rest(part: Locator) -> FloatRect:
    """Where a part of the page is, once it moves no more: what comes beside it makes it smaller."""
    box = None
    for _ in range(20):
        before, box = box, part.bounding_box()
        if box is not None and box == before:
            return box
        part.page.wait_for_timeout(REST_STEP_MS)
    raise AssertionError(f"it moves all the time, last to {box}")


def seen(content: Locator) -> None:
    """Wait until the picture in focus was drawn: what comes before decides nothing."""
    expect(content.locator(".dcf-actions[data-shown]")).to_be_visible()


def looked_at(content: Locator) -> Locator:
    """The picture of the queue, once it was drawn and a press is meant for it."""
    picture = content.locator(".dcf-queue-picture[data-shown]")
    expect(picture).to_be_visible()
    content.page.wait_for_timeout(SETTLE_MS)
    return picture


@contextmanager
def held(page: Page, event: str) -> Iterator[None]:
    """Keep what is asked of one event from the server until the block is left."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        if re.search(rf'"__method__":\s*"{event}"', route.request.post_data or ""):
            waiting.append(route)
        else:
            route.fallback()

    page.route("**/operators/execute**", hold)
    yield
    for route in waiting:
        route.continue_()
    page.unroute("**/operators/execute**", hold)


def undone(content: Locator, place: str) -> None:
    """Take the last decision back; ``place`` selects what is in front once it is undone."""
    content.page.wait_for_timeout(PRESS_MS)
    content.page.keyboard.press("u")
    content.locator(f"{place}[data-shown]").wait_for()


def undone_late(content: Locator, place: str) -> None:
    """Take the last decision back while the server is slow to tell how the object is now.

    Args:
        content: the panel, on a queue of objects
        place: selects what is in front once it is undone
    """
    content.page.wait_for_timeout(PRESS_MS)
    with held(content.page, "objects"):
        content.page.keyboard.press("u")
        expect(content.locator(f"{place}:not([data-shown])")).to_be_visible()
        expect(content.locator(".dcf-outcome")).to_contain_text("Undone for")
        # As it was before, it would be refused, or decided on unseen.
        content.page.wait_for_timeout(SETTLE_MS)
        expect(content.locator(f"{place}[data-shown]")).to_have_count(0)
        content.page.keyboard.press("c")
        expect(content.get_by_test_id("dropped")).to_contain_text("Too early")
        content.page.wait_for_timeout(PRESS_MS)
    expect(content.locator(f"{place}[data-shown]")).to_be_visible()


def button(content: Locator, name: str) -> Locator:
    return content.get_by_role("button", name=re.compile(name))


def toggle_theme(app: Any) -> None:
    """Switch the App between light and dark."""
    toggle = '[data-cy="theme-toggle"], [title*="mode" i], [aria-label*="mode" i]'
    app.page.locator(toggle).first.click()


def violations(app: Any) -> list[str]:
    """What axe finds serious or critical in the panel as it is now."""
    if not app.page.evaluate("typeof axe !== 'undefined'"):
        app.page.add_script_tag(path=AXE)
    return left_over(app.page, lambda: axe(app.page))


def axe(page: Page) -> list[str]:
    page.evaluate(AT_REST)  # colours on their way are none that stay
    found = page.evaluate("axe.run('.dcf', {resultTypes: ['violations']}).then(r => r.violations)")
    return [
        f"{rule['id']}: {[node['html'][:160] for node in rule['nodes'][:3]]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


def choose_option(box: Locator, option: str | re.Pattern[str]) -> None:
    """Choose from a list of the panel's, by the keyboard: a click may meet the list unfolding."""
    box.press("Enter")
    exact = isinstance(option, str)
    box.page.get_by_role("option", name=option, exact=exact).press("Enter")
    expect(box.page.get_by_role("listbox")).to_have_count(0)


def shoot(app: Any, name: str) -> None:
    """Keep a picture for whoever wants to look: DECONFUSE_PICTURES names the folder."""
    folder = os.environ.get("DECONFUSE_PICTURES")
    if folder:
        app.page.wait_for_timeout(600)
        app.page.screenshot(path=Path(folder) / f"{name}.png")


def planted_digits(
    make: Callable[..., Any], n: int, share: float
) -> tuple[Any, dict[str, str], np.ndarray]:
    """Digits, a share of them labelled wrong, and a run on them.

    Returns:
        the dataset, the true digit of each sample, and what the classifier said (n, 10)
    """
    digits = np.asarray(load_digits(return_X_y=True)[1])[:n]
    labels = planted(digits.tolist(), share=share)
    new = make(n=n, labels=labels, scale=4)
    p, features = digit_probabilities(tuple(labels), n)
    write_iteration(new, p, CLASSES, features)
    return new, dict(zip(new.values("id"), map(str, digits), strict=True)), p
