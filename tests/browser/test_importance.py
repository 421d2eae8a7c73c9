"""Cleaning by importance in the real App: ranked, looked at, judged, scored again, its curves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from plugin.decisions.resolve import resolve
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    CLASSES,
    panel,
    planted_digits,
    seen,
    shoot,
    toggle_theme,
    violations,
)


@pytest.fixture
def made(dataset: Callable[..., Any]) -> tuple[Any, dict[str, str]]:
    """Digits with planted errors and a run on them; the true digit of each sample."""
    new, true, _ = planted_digits(dataset, 400, share=0.15)
    return new, true


def judge(dataset: Any, ids: list[str], truth: dict[str, str]) -> None:
    run = load_run(dataset, "deconfuse")
    now = dict(zip(*dataset.select(ids).values(["id", "ground_truth.label"]), strict=True))
    resolve(run, "confirm", [i for i in ids if now[i] == truth[i]])
    for i in ids:
        if now[i] != truth[i]:
            resolve(run, "relabel", [i], label=truth[i])


def card(app: Any, dataset: Any) -> Locator:
    content = panel(app, dataset)
    app.page.keyboard.press("p")
    found = content.get_by_role("region", name="Cleaning by importance")
    expect(found).to_be_visible()
    return found


def test_the_cycle_in_the_panel(app: Any, made: tuple[Any, dict[str, str]], operator: Any) -> None:
    dataset, truth = made
    importance = card(app, dataset)
    advice = importance.get_by_test_id("importance-advice")
    expect(advice).to_have_text(
        "Review the most important samples of a class, round by round: each is measured."
    )
    shoot(app, "importance-none")

    # The form: rank by the run's own features.
    importance.get_by_role("button", name="Rank by importance").click()
    app.page.get_by_role("button", name="Execute", exact=True).click()
    expect(advice).to_contain_text("Review the samples that come first", timeout=60_000)
    expect(importance).to_contain_text(re.compile(r"Round 1: AUROC 0\.\d{4}, 0 of 0 samples fixed"))

    # From the card to the class to begin with, in order of importance, and a decision there.
    look = importance.get_by_role("button", name=re.compile("^Look at"))
    digit = look.inner_text().split()[-1]
    look.click()
    content = app.page.locator('[data-cy="panel-content-label_errors"]')
    expect(content.get_by_role("region", name="Ranking")).to_be_visible()
    expect(content.get_by_test_id("ranking-total")).to_contain_text("importance ·")
    tiles = content.locator(".dcf-tile")
    expect(tiles.first).to_be_visible()
    iteration = load_run(dataset, "deconfuse").iteration()
    dataset.reload()
    score = dict(zip(*dataset.values(["id", "deconfuse_importance"]), strict=True))
    labels = dict(zip(*dataset.values(["id", "ground_truth.label"]), strict=True))
    ids = sorted((i for i in score if labels[i] == digit), key=lambda i: -score[i])
    assert int(str(tiles.first.get_attribute("data-row"))) == int(iteration.rows_of(ids[:1])[0])
    shoot(app, "importance-ranking")
    tiles.first.click()
    seen(content)
    app.page.keyboard.press("c")
    expect(content.get_by_test_id("ranking-total")).to_contain_text(f"{len(ids) - 1} samples")

    # More decisions elsewhere; the card counts them and scores again.
    rank = operator("rank_by_importance")
    found = rank(dataset, class_size=dict.fromkeys(CLASSES, 4))
    judge(dataset, [i for given in found["top"].values() for i in given], truth)
    app.page.keyboard.press("p")
    expect(advice).to_contain_text(re.compile(r"\d+ decisions since the last round"))
    importance.get_by_role("button", name="Score again").click()
    expect(importance).to_contain_text("Round 3: AUROC", timeout=60_000)
    auroc = importance.get_by_role("img", name=re.compile(r"^AUROC by round: 0\.\d{4}, 0"))
    expect(auroc).to_be_visible()
    values = [float(v) for v in re.findall(r"0\.\d{4}", str(auroc.get_attribute("aria-label")))]
    assert len(values) == 3
    assert values[2] > values[0]
    expect(
        importance.get_by_role("img", name=re.compile("^Labels fixed by round: 0, 0, "))
    ).to_be_visible()
    shoot(app, "importance-curves")
    assert violations(app) == []
    assert app.errors == []


def test_the_card_is_readable_when_narrow_and_light(
    new_window: Any, made: tuple[Any, dict[str, str]], operator: Any
) -> None:
    dataset, truth = made
    rank = operator("rank_by_importance")
    for _ in range(2):
        found = rank(dataset, class_size=dict.fromkeys(CLASSES, 3))
        judge(dataset, [i for given in found["top"].values() for i in given], truth)
    rank(dataset)
    app = new_window(width=900)
    importance = card(app, dataset)
    toggle_theme(app)
    expect(app.page.locator(".dcf")).to_have_attribute("data-theme", "light")
    expect(importance.get_by_role("img", name=re.compile("^AUROC by round"))).to_be_visible()
    importance.scroll_into_view_if_needed()
    shoot(app, "importance-light")
    box = importance.bounding_box()
    assert box is not None
    for one in importance.get_by_role("img").all():
        inner = one.bounding_box()
        assert inner is not None
        assert inner["x"] + inner["width"] <= box["x"] + box["width"] + 1
    assert violations(app) == []
    assert app.errors == []
