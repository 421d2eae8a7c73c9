"""Themes, widths, and what axe says of every screen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.label_errors_panel import (
    largest,
    lasso,
    open_cell,
    panel,
    toggle_theme,
    truth,
    violations,
)


def test_theme_switch(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    content = panel(app, dataset)
    root = content.locator(".dcf")
    colour = "e => getComputedStyle(e).backgroundColor"
    before, theme = root.evaluate(colour), root.get_attribute("data-theme")
    app.page.locator(
        '[data-cy="theme-toggle"], [title*="mode" i], [aria-label*="mode" i]'
    ).first.click()
    expect(root).not_to_have_attribute("data-theme", str(theme))
    assert root.evaluate(colour) != before


@pytest.mark.parametrize("width", [1600, 900])
def test_every_screen_is_accessible_in_both_themes(
    new_window: Any, digits_run: Any, width: int
) -> None:
    dataset, p = digits_run
    app = new_window(width=width)
    content = panel(app, dataset)
    pair = largest(truth(dataset, p))
    for _ in range(2):
        assert violations(app) == [], "overview"
        open_cell(content, pair)
        lasso(app.page, content)
        expect(content.locator(".dcf-probabilities")).to_be_visible()
        assert violations(app) == [], "cell"
        app.page.keyboard.press("g")
        expect(content.locator(".dcf-tile").first).to_be_visible()
        assert violations(app) == [], "grid"
        app.page.keyboard.press("g")  # the cell opens next time as it was left
        app.page.keyboard.press("q")
        expect(content.locator(".dcf-queue-picture[data-row]")).to_have_count(1)
        assert violations(app) == [], "queue"
        app.page.keyboard.press("o")
        toggle_theme(app)
