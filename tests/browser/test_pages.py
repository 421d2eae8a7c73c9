"""Page by page in the real App: all on a page are right but the exceptions, by one press."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    AT_ONCE,
    CLASSES,
    PRESS_MS,
    SETTLE_MS,
    cell,
    largest,
    panel,
    shoot,
    toggle_theme,
    truth,
    violations,
    wrong_in,
)
from tests.browser.test_presses import decided

# What the page was made of each time that it became another one.
TWO_TO_THE_RIGHT = """async () => {
  for (const _ of [1, 2]) {
    document.activeElement.dispatchEvent(
      new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true, cancelable: true}));
    await null;
  }
  return document.activeElement.dataset.row;
}"""
WATCH_PAGES = """() => {
  const grid = document.querySelector('.dcf-pagegrid');
  const rows = () => [...grid.querySelectorAll('.dcf-tile')].map(e => +e.dataset.row);
  let last = rows();
  window.pages = [];
  new MutationObserver(() => {
    const now = rows();
    if (now.join() !== last.join()) window.pages.push(last = now);
  }).observe(grid, {childList: true, subtree: true});
}"""


def drawn(content: Locator) -> Locator:
    """The pictures of the page, once all are drawn."""
    expect(content.locator(".dcf-pagegrid[data-drawn]")).to_be_visible()
    content.page.wait_for_timeout(SETTLE_MS)
    return content.locator(".dcf-pagegrid .dcf-tile")


def rows_of(tiles: Locator) -> list[int]:
    return [int(row) for row in tiles.evaluate_all("all => all.map(e => e.dataset.row)")]


def new_page(content: Locator, before: list[int]) -> Locator:
    """The pictures of the page after, once all are drawn."""
    expect(content.locator(f'.dcf-pagegrid [data-row="{before[-1]}"]')).to_have_count(0)
    return drawn(content)


def labels_of(dataset: Any) -> dict[int, tuple[str, str | None]]:
    """Label and decision of each row of the run."""
    dataset.reload()
    ids = load_run(dataset, "deconfuse").iteration().column("sample_id")
    found = {
        sample: (label, decision)
        for sample, label, decision in zip(
            *dataset.values(["id", "ground_truth.label", "deconfuse_decision"]), strict=True
        )
    }
    return {row: found[raw.ljust(12, b"\0").hex()] for row, raw in enumerate(ids.tolist())}


@pytest.fixture
def correct(app: Any, digits_run: Any) -> tuple[Any, Any, Locator, tuple[int, int]]:
    """A cell whose labels are the predictions, page by page; app, dataset, panel and class."""
    dataset, p = digits_run
    content = panel(app, dataset)
    counts = truth(dataset, p)
    pair = max((pair for pair in counts if pair[0] == pair[1]), key=lambda pair: counts[pair])
    cell(content, pair).click()
    app.page.keyboard.press("b")
    drawn(content)
    return app, dataset, content, pair


def fits(content: Locator) -> None:
    """Nothing of the page is scrolled or cut, and what decides on it is in sight."""
    cut = wrong_in(
        content,
        """panel => {
          const inside = (e, out) => {
            const [a, b] = [e.getBoundingClientRect(), out.getBoundingClientRect()];
            return a.left >= b.left - 1 && a.right <= b.right + 1
              && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
          };
          const grid = panel.querySelector('.dcf-pagegrid .dcf-grid');
          const tiles = [...panel.querySelectorAll('.dcf-pagegrid .dcf-tile')];
          const texts = [...panel.querySelectorAll('.dcf-pageacts, .dcf-pageacts *')];
          return [
            ...tiles.filter(tile => !inside(tile, grid)),
            ...[grid, ...texts].filter(e => !inside(e, panel)),
            ...texts.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth),
            ...(grid.scrollHeight > grid.clientHeight + 1 ? [grid] : []),
          ].map(e => e.outerHTML.slice(0, 120));
        }""",
    )
    assert cut == []


def test_a_page_is_confirmed_but_for_two(correct: Any) -> None:
    app, dataset, content, _ = correct
    page, tiles = app.page, drawn(content)
    first = rows_of(tiles)
    assert len(first) > 6
    fits(content)
    tiles.nth(1).click()
    # By the keyboard alone: two to the right, before the next frame, and a key after it meets them.
    assert page.evaluate(TWO_TO_THE_RIGHT) == str(first[3])
    page.keyboard.press("Space")
    # A double press of a mouse marks once.
    out = {first[1], first[3]}
    expect(content.get_by_test_id("page")).to_contain_text("2 exceptions")
    tiles.nth(5).evaluate("tile => { tile.click(); tile.click(); }")
    expect(content.get_by_test_id("page")).to_contain_text("3 exceptions")
    page.wait_for_timeout(PRESS_MS)
    tiles.nth(5).click()
    expect(content.get_by_test_id("page")).to_contain_text("2 exceptions")
    shoot(app, "pages-dark")
    assert violations(app) == []
    page.keyboard.press("Enter")
    second = rows_of(new_page(content, first))
    assert not set(first) & set(second)
    expect(content.get_by_text(f"Confirmed {len(first) - 2} samples.")).to_be_visible()
    expect(content.locator(".dcf-pageacts")).to_contain_text("2 left open")
    now = labels_of(dataset)
    assert {row for row, (_, what) in now.items() if what} == set(first) - out
    # The keyboard is on the next page.
    expect(tiles.first).to_be_focused()
    # One undo takes the page back, with its exceptions: all of it at once, and as large as it was.
    page.evaluate(WATCH_PAGES)
    page.keyboard.press("u")
    expect(content.get_by_test_id("page")).to_contain_text("2 exceptions")
    assert rows_of(drawn(content)) == first
    assert page.evaluate("window.pages") == [first]
    pressed = content.locator('.dcf-pagegrid .dcf-tile[aria-pressed="true"]')
    assert set(rows_of(pressed)) == out
    assert decided(dataset, 0) == 0
    toggle_theme(app)
    shoot(app, "pages-light")
    assert app.errors == []


def test_a_page_is_decided_on_once_and_only_when_it_was_drawn(correct: Any) -> None:
    app, dataset, content, _ = correct
    page, tiles = app.page, drawn(content)
    first = rows_of(tiles)
    dropped = content.get_by_test_id("dropped")
    page.wait_for_timeout(PRESS_MS)
    screen = content.locator(".dcf-cellscreen")
    revision = str(screen.get_attribute("data-revision"))
    page.evaluate(AT_ONCE, ["Enter", "Enter"])
    expect(dropped).to_be_visible()
    second = rows_of(new_page(content, first))
    done = content.get_by_test_id("cell-open")
    expect(done).to_contain_text(f"{len(first)} reviewed")
    expect(screen).not_to_have_attribute("data-revision", revision)
    page.wait_for_timeout(PRESS_MS)
    assert decided(dataset, len(first)) == len(first)
    assert rows_of(tiles) == second  # the line that tells has room of its own
    page.keyboard.down("Enter")
    for _ in range(6):
        page.wait_for_timeout(120)
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect(dropped).to_contain_text("held key")
    expect(done).to_contain_text(f"{len(first) + len(second)} reviewed")
    page.wait_for_timeout(700)
    assert decided(dataset, len(first) + len(second)) == len(first) + len(second)
    assert app.errors == []


def test_a_page_whose_pictures_are_not_all_there_waits(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    cell(content, largest(truth(dataset, p))).click()
    waiting: list[Any] = []

    def late(route: Any) -> None:
        """Keep the pictures of a page back until they are let go."""
        body = route.request.post_data or ""
        if "thumbnails" in body and re.search(r'"edge":\s*128', body):
            waiting.append(route)
        else:
            route.continue_()

    app.page.route("**/operators/execute**", late)
    app.page.keyboard.press("b")
    grid = content.locator(".dcf-pagegrid")
    expect(grid.locator(".dcf-tile").first).to_be_visible()
    app.page.wait_for_timeout(800)
    assert waiting
    app.page.keyboard.press("Enter")
    expect(content.get_by_test_id("dropped")).to_contain_text("Too early")
    app.page.wait_for_timeout(500)
    assert decided(dataset, 0) == 0
    for route in waiting:
        route.continue_()
    app.page.unroute("**/operators/execute**")
    tiles = rows_of(drawn(content))
    app.page.wait_for_timeout(PRESS_MS)
    app.page.keyboard.press("Enter")
    expect(content.get_by_test_id("cell-open")).to_contain_text(f"{len(tiles)} reviewed")
    assert decided(dataset, len(tiles)) == len(tiles)


def test_exceptions_get_their_prediction_in_the_ranking(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    content = panel(app, dataset)
    page = app.page
    page.keyboard.press("w")
    content.get_by_role("button", name="Pages").click()
    content.get_by_role("button", name="get the prediction").click()
    tiles = drawn(content)
    first = rows_of(tiles)
    before = labels_of(dataset)
    iteration = load_run(dataset, "deconfuse").iteration()
    for at in (0, 2):
        tiles.nth(at).click()
    out = {first[0], first[2]}
    act = content.locator(".dcf-pageacts").get_by_role("button", name="Confirm")
    expect(act).to_contain_text(f"Confirm {len(first) - 2}")
    expect(act).to_contain_text("relabel 2")
    shoot(app, "pages-ranking")
    assert violations(app) == []
    act.click()
    new_page(content, first)
    expect(content.get_by_text(f"Confirmed {len(first) - 2} samples.")).to_be_visible()
    now = labels_of(dataset)
    for row in first:
        predicted = CLASSES[iteration.column("prediction")[row]]
        assert now[row][0] == (predicted if row in out else before[row][0])
        assert now[row][1]
    assert sum(what is not None for _, what in now.values()) == len(first)
    # A button that has the focus is what Enter presses.
    content.get_by_role("button", name="Next page").focus()
    page.wait_for_timeout(PRESS_MS)
    page.keyboard.press("Enter")
    expect(content.get_by_test_id("page")).to_contain_text("Page 2")
    page.wait_for_timeout(500)
    assert decided(dataset, len(first)) == len(first)
    page.keyboard.press("PageUp")
    expect(content.get_by_test_id("page")).to_contain_text("Page 1")
    # Each of the decisions can be taken back, the page first.
    page.keyboard.press("u")
    expect(content.get_by_text("Undone for")).to_be_visible()
    assert decided(dataset, 2) == 2
    assert app.errors == []


@pytest.mark.parametrize("width", [380, 1280, 1600])
def test_a_page_fits_at_every_width(correct: Any, width: int) -> None:
    app, _, content, _ = correct
    app.page.set_viewport_size({"width": width, "height": 800})
    app.page.wait_for_timeout(600)
    drawn(content)
    shoot(app, f"pages-{width}")
    fits(content)
