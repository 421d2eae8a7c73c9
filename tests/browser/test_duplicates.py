"""The Duplicates screen in the real App: compared, judged by keyboard, undone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.label_errors_panel import (
    PRESS_MS,
    SETTLE_MS,
    misplaced,
    panel,
    shoot,
    toggle_theme,
    violations,
)
from tests.planted_copies import Pictures, noise


class Planted:
    """Pictures with a pair that is alike, a leak and a label conflict."""

    def __init__(self, pictures: Pictures):
        self.pictures, self.dataset = pictures, pictures.dataset
        self.alike = [pictures.ids[0], pictures.add(noise(0), "cat", "train", "alike.png")]
        self.leak = [pictures.ids[1], pictures.near(1, "dog", "test", "leak.png")]
        self.conflict = [pictures.ids[2], pictures.near(2, "dog", "train", "conflict.png")]
        pictures.classify({self.conflict[1]: "cat"})

    def present(self, ids: list[str]) -> int:
        self.dataset.reload()
        return len(self.dataset.select(ids))


@pytest.fixture
def planted(dataset_name: str, tmp_path: Path) -> Planted:
    return Planted(Pictures(dataset_name, tmp_path))


def on_screen(app: Any, dataset: Any) -> Locator:
    content = panel(app, dataset)
    content.get_by_role("button", name="Duplicates", exact=True).click()
    return content


def stays_whole(app: Any, content: Locator) -> None:
    """Two images use the room that is there, in every width, and a size that was chosen."""
    picture = content.locator(".dcf-member-picture").first
    for width, least in ((1600, 180), (1280, 130)):
        app.page.set_viewport_size({"width": width, "height": 1000})
        app.page.wait_for_timeout(300)
        assert misplaced(app, ".dcf-member", ".dcf-members") == [], width
        assert (picture.bounding_box() or {"height": 0})["height"] > least, width
    root = content.locator(".dcf")
    root.evaluate("e => { e.style.width = '380px'; e.style.right = 'auto'; }")
    app.page.wait_for_timeout(300)
    assert misplaced(app, ".dcf-member", ".dcf-members") == []
    root.evaluate("e => { e.style.width = ''; e.style.right = ''; }")
    content.get_by_role("slider", name="Size of the images").press("Home")
    assert (picture.bounding_box() or {"height": 0})["height"] == 56
    content.get_by_role("button", name="Fit", exact=True).click()
    assert (picture.bounding_box() or {"height": 0})["height"] > 130


def drawn(content: Locator) -> None:
    """Wait until the images of the group are on screen; what is pressed before does not count."""
    expect(content.locator(".dcf-group-actions[data-shown]")).to_be_visible()
    content.page.wait_for_timeout(SETTLE_MS)


def test_groups_are_found_and_decided_by_keyboard(app: Any, planted: Planted) -> None:
    content = on_screen(app, planted.dataset)
    expect(content.get_by_text("Near-duplicates were not searched for yet")).to_be_visible()
    shoot(app, "duplicates-none")
    content.get_by_role("button", name="Find near-duplicates").click()
    title = content.locator(".dcf-groupscroll h2")
    expect(title).to_contain_text("Group 1 of 3", timeout=300_000)
    expect(title).to_contain_text("across splits")
    options = content.get_by_role("option")
    expect(options).to_have_count(3)
    expect(options.nth(1)).to_contain_text("different labels")
    expect(options.nth(2)).to_contain_text("exact copies")

    # The difference, then another image to keep than the proposed one.
    app.page.keyboard.press("d")
    expect(content.locator(".dcf-differ-pictures img")).to_have_count(3)
    shoot(app, "duplicates-leak")
    app.page.keyboard.press("2")
    expect(content.get_by_role("radio", checked=True)).to_have_attribute("aria-checked", "true")
    expect(content.get_by_role("radio").nth(1)).to_be_checked()
    drawn(content)
    app.page.keyboard.press("k")
    expect(title).to_contain_text("Group 1 of 2")
    assert planted.present(planted.leak) == 1

    # A label for all of the conflict.
    expect(title).to_contain_text("labels differ")
    drawn(content)
    app.page.keyboard.press("r")
    app.page.get_by_role("combobox").fill("cat")
    app.page.keyboard.press("Enter")
    expect(title).to_contain_text("Group 1 of 1")
    labels = planted.dataset.select(planted.conflict).values("ground_truth.label")
    assert labels == ["cat", "cat"]

    # The last pair is there on purpose; and all three are taken back, last first.
    drawn(content)
    app.page.keyboard.press("a")
    expect(content.get_by_text(re.compile("2 groups reviewed"))).to_be_visible()
    shoot(app, "duplicates-done")
    for left in (1, 2, 3):
        app.page.wait_for_timeout(PRESS_MS)
        app.page.keyboard.press("u")
        expect(title).to_contain_text(f"Group 1 of {left}")
    assert planted.present(planted.leak) == 2
    assert app.errors == []


def test_the_threshold_is_looked_at_and_then_set(app: Any, planted: Planted, operator: Any) -> None:
    operator("find_duplicates")(planted.dataset)
    content = on_screen(app, planted.dataset)
    title = content.locator(".dcf-groupscroll h2")
    expect(title).to_contain_text("Group 1 of 3")
    slider = content.get_by_role("slider", name=re.compile("Least SSIM"))
    slider.focus()
    app.page.keyboard.press("End")
    expect(title).to_contain_text("Group 1 of 1")
    content.get_by_role("button", name="Set", exact=True).click()
    expect(content.get_by_role("button", name="Set", exact=True)).to_have_count(0)
    expect(title).to_contain_text("Group 1 of 1")
    from plugin.duplicates.store import load_duplicates
    from plugin.store.runs import load_run

    kept = load_duplicates(load_run(planted.dataset, "deconfuse"))
    assert kept is not None
    assert kept.threshold == 1.0
    assert app.errors == []


def test_the_overview_marks_cells_and_every_width_is_accessible(
    app: Any, planted: Planted, operator: Any
) -> None:
    operator("find_duplicates")(planted.dataset)
    content = panel(app, planted.dataset)
    root = content.locator(".dcf")
    before = root.get_attribute("data-theme")
    assert before in ("dark", "light")
    for theme in (before, "light" if before == "dark" else "dark"):
        expect(root).to_have_attribute("data-theme", theme)
        expect(content.locator(".dcf-cell-copies").first).to_be_visible()
        content.get_by_role("button", name="Duplicates", exact=True).click()
        expect(content.locator(".dcf-groupscroll h2")).to_contain_text("Group 1 of 3")
        drawn(content)
        stays_whole(app, content)
        shoot(app, f"duplicates-cards-{theme}")
        app.page.keyboard.press("d")
        expect(content.locator(".dcf-differ-pictures img")).to_have_count(3)
        shoot(app, f"duplicates-{theme}")
        assert violations(app) == []
        app.page.set_viewport_size({"width": 1050, "height": 900})
        app.page.wait_for_timeout(500)
        shoot(app, f"duplicates-narrow-{theme}")
        app.page.keyboard.press("d")
        expect(content.locator(".dcf-differ-pictures")).to_have_count(0)
        app.page.keyboard.press("o")
        toggle_theme(app)
    assert app.errors == []
