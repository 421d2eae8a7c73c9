"""Every screen at the widths that panels have, with long names: nothing is cut, all is in reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from sklearn.datasets import load_digits

from plugin.audit.audits import draw_audit
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    at_rest,
    left_over,
    looked_at,
    panel,
    shoot,
    shown,
    wrong_in,
)
from tests.panels.made_runs import digit_probabilities, planted, write_iteration

WIDTHS = (1280, 690, 650, 380)
HEIGHT = 800
NAMES = [
    "Donaudampfschifffahrtsgesellschaftsuniform T-shirt",
    "outerwear/jackets_and_coats_all_seasons",
    "long-sleeved jersey pullover without buttons",
    "shorts_and_swimming_trunks_knee_length",
    "hat",
    "button-down shirt, long or short sleeves",
    "evening and summer dress, all lengths",
    "Hosen und Beinkleider (Langarbeitshosen)",
    "skirt",
    "shoes",
]

# Words that are broken though a line has room for them, and text that is cut without an ellipsis.
# What scrolls to the side does so by design: the overview's cells, strips of pictures.
CUT = """() => {
  const wrong = new Set();
  const root = document.querySelector('.dcf');
  const scrolled = '.dcf-list, .dcf-pairs, .dcf-recent, .dcf-boxes, .dcf-table-frame';
  const seen = (e) => e.checkVisibility({opacityProperty: true, visibilityProperty: true});
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode, holder = text.parentElement;
    if (!text.data.trim() || !seen(holder) || holder.closest('.dcf-sr, svg, select')) continue;
    let block = holder;
    while (getComputedStyle(block).display.startsWith('inline')) block = block.parentElement;
    for (const word of text.data.matchAll(/[^\\s\\u00ad-]+/g)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const rects = [...range.getClientRects()].filter((r) => r.width > 0);
      const lines = new Set(rects.map((r) => Math.round(r.top / 4)));
      const wide = rects.reduce((sum, r) => sum + r.width, 0);
      if (lines.size > 1 && wide < block.clientWidth - 8) wrong.add(`broken: ${word[0]}`);
    }
    const range = document.createRange();
    range.selectNodeContents(text);
    const at = range.getBoundingClientRect();
    for (let e = holder; at.width && e !== root.parentElement; e = e.parentElement) {
      if (e.matches(scrolled)) break;
      const style = getComputedStyle(e), box = e.getBoundingClientRect();
      const told = style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
      if (style.overflowX !== 'visible' && at.right > box.right + 1) {
        if (!told) wrong.add(`cut: ${text.data.trim().slice(0, 60)}`);
        break;
      }
    }
  }
  return [...wrong];
}"""

# Lines of a button that are not seen in it.
BESIDE = """(item) => {
  const room = item.querySelector('button').getBoundingClientRect();
  return [...item.querySelectorAll('.dcf-fromto > *')].filter((e) => {
    const at = e.getBoundingClientRect();
    return at.height < 12 || at.top < room.top || at.bottom > room.bottom || at.right > room.right;
  }).map((e) => e.innerText);
}"""

# Buttons that one has to scroll to.
OUT_OF_REACH = """(buttons) => buttons.filter((e) => {
  const at = e.getBoundingClientRect();
  const x = (at.left + at.right) / 2, y = (at.top + at.bottom) / 2;
  return at.width && !e.contains(document.elementFromPoint(x, y));
}).map((e) => e.innerText)"""


@pytest.fixture
def long_names(dataset: Callable[..., Any]) -> Any:
    """Digits under long names, of which some are planted wrong, and an audit that waits."""
    n = 200
    digits = planted(load_digits(return_X_y=True)[1][:n].tolist(), share=0.15)
    new = dataset(n=n, labels=[NAMES[int(digit)] for digit in digits], scale=4)
    p, features = digit_probabilities(tuple(digits), n)
    write_iteration(new, p, NAMES, features)
    draw_audit(load_run(new, "deconfuse"), 20, seed=0)
    return new


def whole(content: Locator) -> None:
    """Give the panel the whole window, whose width is the panel's then."""
    content.locator(".dcf").focus()
    content.page.keyboard.press("f")
    expect(content.locator(".dcf")).to_have_css("left", "0px")


def at_widths(app: Any, name: str) -> None:
    """Look at the screen that is open at each width."""
    wrong = []
    for width in WIDTHS:
        app.page.set_viewport_size({"width": width, "height": HEIGHT})
        shoot(app, f"widths-{name}-{width}")
        found = left_over(app.page, lambda: app.page.evaluate(CUT))
        wrong += [f"{name} at {width}: {one}" for one in found]
    app.page.set_viewport_size({"width": 1280, "height": HEIGHT})
    assert wrong == []


def in_reach(app: Any, buttons: Locator) -> None:
    expect(buttons.first).to_be_visible()
    assert left_over(app.page, lambda: buttons.evaluate_all(OUT_OF_REACH)) == []


def test_long_names_are_whole_on_every_screen(app: Any, long_names: Any) -> None:
    content = panel(app, long_names)
    keys = app.page.keyboard
    whole(content)
    at_widths(app, "overview")
    content.locator(".dcf-cell:not(.dcf-cell-correct) .dcf-cell-open").first.click()
    keys.press("g")
    content.locator(".dcf-tile").first.click()
    at_widths(app, "cell")
    app.page.set_viewport_size({"width": 380, "height": HEIGHT})
    in_reach(app, content.locator(".dcf-decide button"))
    content.get_by_role("button", name="Pages", exact=True).click()
    at_widths(app, "pages")
    for width in (1280, 650, 380):
        app.page.set_viewport_size({"width": width, "height": HEIGHT})
        in_reach(app, content.locator(".dcf-pagechoice button"))
        names = content.locator(".dcf-pageacts :is(.dcf-button-text, button) bdi")
        assert all(high < 46 for high in names.evaluate_all("all => all.map(e => e.clientHeight)"))
    app.page.set_viewport_size({"width": 1280, "height": HEIGHT})
    keys.press("w")
    content.locator(".dcf-tile").first.wait_for()
    at_widths(app, "ranking")
    keys.press("q")
    looked_at(content)
    at_widths(app, "queue")
    keys.press("a")
    both = content.locator(".dcf-recent .dcf-fromto > *")
    expect(both).to_have_count(2)
    expect(both.last).to_contain_text("→")
    at_widths(app, "decided")
    assert wrong_in(content.locator(".dcf-recent li").first, BESIDE) == []
    keys.press("p")
    judge = content.get_by_role("button", name="Judge", exact=False)
    judge.wait_for()
    at_widths(app, "progress")
    judge.click()
    looked_at(content)
    at_widths(app, "audit")
    # Judged blind, classes that begin alike are told apart by their ends.
    names = content.locator(".dcf-verdicts .dcf-button-text")
    assert names.evaluate_all("all => all.every((e) => e.scrollHeight <= e.clientHeight + 1)")
    assert app.errors == []


def test_objects_are_whole_and_in_reach(app: Any, objects: Any) -> None:
    app.open_with_panel(objects)
    content = shown(app)
    keys = app.page.keyboard
    whole(content)
    at_widths(app, "objects-overview")
    parts = content.locator(".dcf-cell-open").filter(has=app.page.locator(".dcf-cell-placed"))
    assert left_over(app.page, lambda: parts.evaluate_all(OVER_PICTURES)) == []
    keys.press("w")
    content.locator(".dcf-tile").first.click()
    at_widths(app, "objects-ranking")
    app.page.set_viewport_size({"width": 380, "height": HEIGHT})
    in_reach(app, content.locator(".dcf-decide button"))
    app.page.set_viewport_size({"width": 1280, "height": HEIGHT})
    keys.press("q")
    looked_at(content)
    at_widths(app, "objects-queue")
    keys.press("i")
    looked_at(content)
    at_widths(app, "objects-images")
    app.page.set_viewport_size({"width": 380, "height": HEIGHT})
    in_reach(app, content.locator(".dcf-queue-buttons button"))
    app.page.set_viewport_size({"width": 1280, "height": HEIGHT})
    keys.press("n")
    keys.press("o")
    keys.press("n")
    title = content.locator(".dcf-groupscroll h2")
    expect(title).to_contain_text("Group 1 of 2")
    at_widths(app, "objects-duplicates")
    app.page.set_viewport_size({"width": 380, "height": HEIGHT})
    content.get_by_role("button", name="Next group").click()
    expect(title).to_contain_text("Group 2 of 2")
    content.get_by_role("button", name="Previous group").click()
    expect(title).to_contain_text("Group 1 of 2")
    keys.press("p")
    at_widths(app, "objects-progress")
    assert app.errors == []


def test_a_click_that_takes_the_keys_counts_in_a_narrow_panel(app: Any, long_names: Any) -> None:
    app.page.set_viewport_size({"width": 1050, "height": 900})
    content = panel(app, long_names)
    assert content.locator(".dcf").evaluate("e => e.clientWidth") < 400
    progress = content.get_by_role("button", name="Progress", exact=True)
    content.locator(".dcf").focus()
    sign = content.get_by_test_id("keyboard")
    expect(sign).to_have_attribute("data-has", "true")
    at_rest(progress)
    before = progress.evaluate(IN_PANEL)
    app.by("selector-dataset").focus()
    expect(sign).to_have_attribute("data-has", "false")
    assert progress.evaluate(IN_PANEL) == before
    progress.click()
    expect(content.locator(".dcf-progress-screen")).to_be_visible()
    expect(sign).to_have_attribute("data-has", "true")


# Where a part is in the panel, wherever the panel is: the App's own head may still move.
IN_PANEL = """(part) => {
  const [at, panel] = [part, part.closest('.dcf')].map((e) => e.getBoundingClientRect());
  return [at.left - panel.left, at.top - panel.top, at.width, at.height];
}"""


# What stands in a cell and lies on its pictures.
OVER_PICTURES = """(cells) => cells.flatMap((cell) => {
  const pictures = cell.querySelector('.dcf-cell-pictures')?.getBoundingClientRect();
  return [...cell.querySelectorAll('.dcf-cell-text *')]
    .filter((e) => pictures && e.getBoundingClientRect().bottom > pictures.top + 3.5)
    .map((e) => e.className.baseVal ?? e.innerText);
})"""
