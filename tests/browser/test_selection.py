"""The panel in step with FiftyOne's own grid: its selection and its view."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.label_errors_panel import (
    CLASSES,
    button,
    cell,
    largest,
    lasso,
    open_cell,
    panel,
    shown,
    truth,
)


def test_click_and_shift_click_select_in_both(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    open_cell(content, largest(truth(dataset, p)))
    app.page.keyboard.press("g")
    tiles = content.locator(".dcf-tile")
    tiles.nth(0).click()
    expect(content.get_by_text("1 sample selected")).to_be_visible()
    tiles.nth(3).click(modifiers=["Shift"])
    expect(content.get_by_text("4 samples selected")).to_be_visible()
    tiles.nth(1).click(modifiers=["Control"])
    expect(content.get_by_text("3 samples selected")).to_be_visible()
    chosen = app.page.locator('[data-cy="action-manage-selected"]')
    expect(chosen).to_contain_text("3")
    app.page.keyboard.press("Escape")
    expect(content.get_by_text("0 samples selected")).to_be_visible()
    expect(chosen).to_have_count(0)


def test_the_view_is_respected(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    counts = truth(dataset, p)
    pair = largest(counts)
    tags = dataset.values("tags")
    label = [CLASSES.index(name) for name in dataset.values("ground_truth.label")]
    inside = sum(
        1
        for tag, a, b in zip(tags, label, p.argmax(1), strict=True)
        if (a, int(b)) == pair and "train" in tag
    )
    assert 0 < inside < counts[pair]
    dataset.save_view("train only", dataset.match_tags("train"))
    content = panel(app, dataset)
    app.page.goto(f"{app.url}/datasets/{dataset.name}?view=train-only")
    expect(app.by("fo-grid")).to_be_visible()
    content = shown(app)
    number = cell(content, pair).locator(".dcf-cell-count")
    expect(number).to_have_text(re.compile(rf"^{inside}\s+of\s+{counts[pair]}$"))
    open_cell(content, pair)
    outside = counts[pair] - inside
    expect(content.get_by_text(re.compile(rf"{outside} images? faint"))).to_be_visible()
    lasso(app.page, content)
    expect(content.get_by_text(re.compile(rf"^{inside} samples? selected"))).to_be_visible()


def test_what_is_selected_in_the_grid_is_selected_here(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    pair = largest(truth(dataset, p))
    open_cell(content, pair)
    app.page.keyboard.press("g")
    expect(content.locator(".dcf-tile").first).to_be_visible()
    button(content, "^Show in grid$").click()
    expect(app.by("entry-counts").first).to_contain_text(str(truth(dataset, p)[pair]))
    # Tiles of the view before would be gone when they are clicked.
    expect(app.by("looker")).to_have_count(truth(dataset, p)[pair])
    chosen = content.locator('.dcf-tile[aria-pressed="true"]')
    for number in (1, 2):
        picture = app.by("looker").nth(number - 1)
        picture.hover()
        picture.locator('[data-cy^="looker-checkbox-"]').first.click()
        expect(chosen).to_have_count(number)
    expect(content.get_by_text("2 samples selected")).to_be_visible()
    for tile in content.locator(".dcf-tile").all()[:2]:
        # Both show the most suspect first.
        expect(tile).to_have_attribute("aria-pressed", "true")
