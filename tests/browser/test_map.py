"""The map of the dataset in the real App: made, coloured, lassoed, decided on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    choose_option,
    lasso,
    panel,
    planted_digits,
    seen,
    shoot,
    toggle_theme,
    violations,
)
from tests.panels.made_runs import write_map


@pytest.fixture
def made(dataset: Callable[..., Any]) -> tuple[Any, set[str]]:
    """Digits with planted errors and a run on them; the ids of the errors."""
    new, true, _ = planted_digits(dataset, 300, share=0.05)
    labels = zip(*new.values(["id", "ground_truth.label"]), strict=True)
    return new, {i for i, label in labels if label != true[i]}


@pytest.fixture
def mapped(made: tuple[Any, set[str]]) -> tuple[Any, set[str]]:
    """The same with a map, which is not made by UMAP."""
    run = load_run(made[0], "deconfuse")
    write_map(run, run.iteration())
    return made


def on_map(app: Any, dataset: Any) -> Locator:
    content = panel(app, dataset)
    app.page.keyboard.press("m")
    return content


def test_map_lasso_decide_and_step(app: Any, made: tuple[Any, set[str]]) -> None:
    dataset, wrong = made
    content = on_map(app, dataset)
    expect(content.get_by_text("This iteration has no map yet")).to_be_visible()
    shoot(app, "map-none")
    content.get_by_role("button", name="Map the dataset").click()
    expect(content.get_by_test_id("map-points")).to_have_text("300 samples", timeout=300_000)
    dataset.reload()
    score = dict(zip(*dataset.values(["id", "deconfuse_disagreement"]), strict=True))
    outstanding = sorted(score, key=lambda i: -score[i])[: len(wrong)]
    assert len(set(outstanding) & wrong) >= 0.7 * len(wrong)

    # The keyboard alone: what stands out most, one after the other, confirmed.
    app.page.keyboard.press("e")
    selected = content.locator(".dcf-chosen")
    expect(selected).to_contain_text("50 samples selected")
    expect(selected).to_contain_text("1 of 50 shown")
    app.page.keyboard.press("ArrowRight")
    expect(selected).to_contain_text("2 of 50 shown")
    shoot(app, "map-selected")
    seen(content)
    app.page.keyboard.press("c")
    expect(content.get_by_test_id("map-points")).to_have_text(
        "250 samples, 50 reviewed or outside the view"
    )
    dataset.reload()
    confirmed = dataset.values("deconfuse_decision").count("confirmed")
    assert confirmed == 50
    app.page.keyboard.press("u")
    expect(content.get_by_test_id("map-points")).to_have_text("300 samples")

    # The lasso takes all that it goes around.
    lasso(app.page, content)
    expect(selected).to_contain_text("300 samples selected")
    app.page.keyboard.press("Escape")
    expect(selected).to_contain_text("0 samples selected")
    assert app.errors == []


def test_every_colour_is_drawn_and_accessible_in_both_themes(
    app: Any, mapped: tuple[Any, set[str]]
) -> None:
    dataset, _ = mapped
    content = on_map(app, dataset)
    expect(content.get_by_test_id("map-points")).to_have_text("300 samples")
    root = content.locator(".dcf")
    themes = []
    for _ in range(2):
        themes.append(str(root.get_attribute("data-theme")))
        for name in ("Label", "Prediction", "Decision", "Suspicion", "Neighbour disagreement"):
            choose_option(content.get_by_role("combobox", name="Colour of the points"), name)
            expect(
                content.get_by_role("img", name=re.compile(f"coloured by {name.lower()}"))
            ).to_be_visible()
            app.page.wait_for_timeout(300)
            shoot(app, f"map-{themes[-1]}-{name.split()[0].lower()}")
        assert violations(app) == [], themes[-1]
        toggle_theme(app)
        expect(root).not_to_have_attribute("data-theme", themes[-1])
    assert sorted(themes) == ["dark", "light"]
    assert app.errors == []


def test_map_and_grid_share_the_selection(app: Any, mapped: tuple[Any, set[str]]) -> None:
    dataset, _ = mapped
    content = on_map(app, dataset)
    expect(content.get_by_test_id("map-points")).to_have_text("300 samples")
    selected = content.locator(".dcf-chosen")
    for number, picture in enumerate(app.by("looker").all()[:2], start=1):
        picture.hover()
        picture.locator('[data-cy^="looker-checkbox-"]').first.click()
        expect(selected).to_contain_text(f"{number} sample")
    lasso(app.page, content)
    expect(selected).to_contain_text("300 samples selected")
    expect(app.by("action-manage-selected")).to_contain_text("300")
    app.page.keyboard.press("Escape")
    expect(selected).to_contain_text("0 samples selected")
    expect(app.by("action-manage-selected")).to_have_count(0)


PLACES = """() => [...document.querySelectorAll('.dcf-landmark')].map((e) => {
  const box = e.getBoundingClientRect();
  return [Number(e.dataset.row), box.x, box.y, box.width, box.height];
})"""


def test_pictures_of_the_map_do_not_overlap_and_come_with_the_zoom(
    app: Any, mapped: tuple[Any, set[str]]
) -> None:
    dataset, _ = mapped
    content, page = on_map(app, dataset), app.page

    def pictures() -> dict[int, tuple[float, ...]]:
        expect(content.locator(".dcf-landmark").first).to_be_visible()
        before: dict[int, tuple[float, ...]] = {}
        for _ in range(20):  # a zoom and the rest after it, however long they take
            page.wait_for_timeout(700)
            expect(content.locator(".dcf-landmark .dcf-wait")).to_have_count(0)
            found = {int(row): tuple(box) for row, *box in page.evaluate(PLACES)}
            if found == before:
                break
            before = found
        else:
            raise AssertionError("the pictures never come to rest")
        boxes = list(found.values())
        for i, (x, y, w, h) in enumerate(boxes):
            for ox, oy, _, _ in boxes[:i]:
                assert abs(ox - x) >= w or abs(oy - y) >= h, "they overlap"
        return found

    expect(content.locator(".dcf-landmark").first).to_be_visible()
    content.locator(".dcf-scatter canvas").focus()
    page.set_viewport_size({"width": 1280, "height": 1400})  # the width is what has to fit now
    whole = pictures()
    shoot(app, "map-pictures")
    assert 5 < len(whole) < 300
    for _ in range(4):
        page.keyboard.press("+")
        page.wait_for_timeout(250)
    near = pictures()
    shoot(app, "map-pictures-near")
    assert set(near) - set(whole), "others come"
    page.keyboard.press("0")
    assert set(pictures()) == set(whole)

    # Those that are selected go first, and are marked.
    page.keyboard.press("e")
    expect(content.locator(".dcf-landmark[data-selected]").first).to_be_visible()
    assert violations(app) == []
    images = content.get_by_role("button", name="Images", exact=True)
    images.click()
    expect(content.locator(".dcf-landmark")).to_have_count(0)
    page.reload()
    expect(content.get_by_test_id("map-points")).to_have_text("300 samples")
    expect(images).to_have_attribute("aria-pressed", "false")
    expect(content.locator(".dcf-landmark")).to_have_count(0)
    assert app.errors == []
