"""What is shown beside a picture to judge it, in the real App."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    largest,
    open_cell,
    panel,
    shoot,
    toggle_theme,
    truth,
    violations,
    wrong_in,
)

STICKING_OUT = """(root) => {
  const all = root.getBoundingClientRect();
  return [...root.querySelectorAll('*:not(.dcf-sr)')].filter((e) => {
    const box = e.getBoundingClientRect();
    const out = box.left < all.left - 1 || box.right > all.right + 1;
    const cut = getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1;
    return box.width && (out || cut);
  }).map((e) => e.outerHTML.slice(0, 160));
}"""


def wide(content: Locator, width: int | None) -> None:
    """Make the panel so many pixels wide; None: as wide as the App makes it."""
    size, right = ("", "") if width is None else (f"{width}px", "auto")
    content.locator(".dcf").evaluate(
        f"e => {{ e.style.width = '{size}'; e.style.right = '{right}'; }}"
    )


def in_queue(app: Any, dataset: Any) -> Locator:
    content = panel(app, dataset)
    content.locator(".dcf-cell-open").first.focus()
    app.page.keyboard.press("q")
    expect(content.locator(".dcf-queue-picture[data-shown]")).to_be_visible()
    return content


def shown_beside(content: Locator, row: str) -> Locator:
    """The pictures beside a row, once they are drawn."""
    groups = content.locator(f'.dcf-context-groups[data-row="{row}"]')
    expect(groups).to_be_visible()
    expect(groups.locator(".dcf-wait")).to_have_count(0)
    return groups


def test_typical_images_and_neighbours_are_there_on_a_key(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    iteration = load_run(dataset, "deconfuse").iteration()
    content, page = in_queue(app, dataset), app.page
    picture = content.locator(".dcf-queue-picture[data-shown]")
    expect(content.locator(".dcf-context-groups")).to_have_count(0)
    page.keyboard.press("k")
    row = str(picture.get_attribute("data-row"))
    groups = shown_beside(content, row)
    names = [iteration.classes[iteration.column(c)[int(row)]] for c in ("label", "prediction")]
    headings = groups.locator("h3")
    expect(headings).to_have_text([f"Typical {n}" for n in names] + ["Nearest neighbours"])
    for kind, number in (("label", 3), ("other", 3), ("near", 6)):
        expect(groups.locator(f".dcf-context-{kind} li[data-row]")).to_have_count(number)
    near = groups.locator(".dcf-context-near li[data-row]").first
    one = iteration.column("label")[int(str(near.get_attribute("data-row")))]
    expect(near).to_have_text(iteration.classes[one])

    # It stays from picture to picture, and is no decision.
    page.keyboard.press("s")
    expect(picture).not_to_have_attribute("data-row", row)
    shown_beside(content, str(picture.get_attribute("data-row")))
    for _ in range(2):
        theme = str(content.locator(".dcf").get_attribute("data-theme"))
        for width in (380, 620, 1240):
            wide(content, width)
            shown_beside(content, str(picture.get_attribute("data-row")))
            assert wrong_in(content.locator(".dcf-context"), STICKING_OUT) == []
            body = content.locator(".dcf-queuebody")
            assert body.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
            shoot(app, f"context-queue-{theme}-{width}")
        wide(content, None)
        assert violations(app) == []
        toggle_theme(app)
        expect(content.locator(".dcf")).not_to_have_attribute("data-theme", theme)
    content.locator(".dcf-question").click()
    page.keyboard.press("k")
    expect(content.locator(".dcf-context-groups")).to_have_count(0)
    assert app.errors == []


def test_it_is_beside_the_enlarged_picture_of_a_cell_and_is_kept(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    open_cell(content, largest(truth(dataset, p)))
    app.page.keyboard.press("g")
    tile = content.locator(".dcf-tile").first
    tile.click()
    expect(content.locator(".dcf-inspect .dcf-picture img")).to_be_visible()
    app.page.keyboard.press("k")
    groups = shown_beside(content, str(tile.get_attribute("data-row")))
    expect(groups.locator("li[data-row]")).to_have_count(12)
    assert wrong_in(content.locator(".dcf-context"), STICKING_OUT) == []
    shoot(app, "context-cell")
    app.page.keyboard.press("q")
    picture = content.locator(".dcf-queue-picture[data-shown]")
    expect(picture).to_be_visible()
    shown_beside(content, str(picture.get_attribute("data-row")))
    assert app.errors == []
