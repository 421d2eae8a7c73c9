"""The map of the dataset in the real App: made, coloured, lassoed, decided on."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.label_errors_panel import AXE, CLASSES, lasso, shown
from tests.panels.made_runs import digit_probabilities, planted, write_iteration

N = 300


@pytest.fixture
def made(dataset: Callable[..., Any]) -> tuple[Any, set[str]]:
    """Digits with planted errors and a run on them; the ids of the errors."""
    from sklearn.datasets import load_digits

    digits = np.asarray(load_digits(return_X_y=True)[1])[:N]
    labels = planted(digits.tolist(), share=0.05)
    new = dataset(n=N, labels=labels, scale=4)
    p, features = digit_probabilities(tuple(labels), N)
    write_iteration(new, p, CLASSES, features)
    wrong = np.flatnonzero(digits.astype(str) != np.array(labels))
    ids = new.values("id")
    return new, {ids[i] for i in wrong}


def on_map(app: Any, dataset: Any) -> Locator:
    app.open(dataset)
    content = shown(app)
    app.page.keyboard.press("m")
    return content


def shoot(app: Any, name: str) -> None:
    """Keep a picture for whoever wants to look: DECONFUSE_PICTURES names the folder."""
    folder = os.environ.get("DECONFUSE_PICTURES")
    if folder:
        app.page.screenshot(path=Path(folder) / f"{name}.png")


def test_map_lasso_decide_and_step(app: Any, made: tuple[Any, set[str]]) -> None:
    dataset, wrong = made
    content = on_map(app, dataset)
    expect(content.get_by_text("This iteration has no map yet")).to_be_visible()
    shoot(app, "map-none")
    content.get_by_role("button", name="Map the dataset").click()
    expect(content.get_by_test_id("map-points")).to_have_text("300 samples", timeout=120_000)
    dataset.reload()
    score = dict(zip(*dataset.values(["id", "deconfuse_disagreement"]), strict=True))
    outstanding = sorted(score, key=lambda i: -score[i])[: len(wrong)]
    assert len(set(outstanding) & wrong) >= 0.7 * len(wrong)

    # The keyboard alone: what stands out most, one after the other, confirmed.
    app.page.keyboard.press("e")
    selected = content.locator(".dcf-chosen")
    expect(selected).to_contain_text("50 samples selected")
    expect(selected).to_contain_text("showing 1 of 50")
    app.page.keyboard.press("ArrowRight")
    expect(selected).to_contain_text("showing 2 of 50")
    shoot(app, "map-selected")
    app.page.keyboard.press("c")
    expect(content.get_by_test_id("map-points")).to_have_text(
        "250 samples, 50 decided or outside the view"
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


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_colour_is_drawn_and_accessible(
    new_window: Any, made: tuple[Any, set[str]], operator: Any, theme: str
) -> None:
    dataset, _ = made
    operator("map_dataset")(dataset)
    app = new_window(color_scheme=theme)
    app.page.add_init_script(f"localStorage.setItem('mui-mode', '{theme}')")
    content = on_map(app, dataset)
    expect(content.get_by_test_id("map-points")).to_have_text("300 samples")
    for name in ("Label", "Prediction", "Decision", "Suspicion", "Neighbour disagreement"):
        content.get_by_role("combobox", name="Colour of the points").click()
        app.page.get_by_role("option", name=name, exact=True).click()
        expect(
            content.get_by_role("img", name=re.compile(f"coloured by {name.lower()}"))
        ).to_be_visible()
        app.page.wait_for_timeout(300)
        shoot(app, f"map-{theme}-{name.split()[0].lower()}")
    app.page.add_script_tag(path=str(AXE))
    found = app.page.evaluate("axe.run('.dcf')")
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == [], [(v["id"], v["nodes"][0]["html"]) for v in serious]
    assert app.errors == []


def test_map_and_grid_share_the_selection(
    app: Any, made: tuple[Any, set[str]], operator: Any
) -> None:
    dataset, _ = made
    operator("map_dataset")(dataset)
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
