"""The Ranking screen in the real App: scores, threshold, class, decisions, the queue behind it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from plugin.store.runs import load_run
from plugin.store.scores import write_rank
from tests.browser.label_errors_panel import (
    CLASSES,
    PRESS_MS,
    choose_option,
    panel,
    seen,
    shoot,
    toggle_theme,
    violations,
)


def on_ranking(app: Any, dataset: Any) -> Locator:
    content = panel(app, dataset)
    app.page.keyboard.press("w")
    expect(content.get_by_role("region", name="Ranking")).to_be_visible()
    return content


def choose(app: Any, content: Locator, score: str) -> None:
    box = content.get_by_role("combobox", name="Score")
    choose_option(box, re.compile(f"^{re.escape(score)}"))


def rows_of(tiles: Locator) -> list[int]:
    """The rows on screen in reading order."""
    found = tiles.evaluate_all(
        "all => all.map(e => [Number(e.dataset.row), e.getBoundingClientRect()])"
        ".sort((a, b) => a[1].top - b[1].top || a[1].left - b[1].left).map(a => a[0])"
    )
    return [int(row) for row in found]


def disagreements(dataset: Any) -> list[int]:
    """Rows whose prediction is not the label, the most confident first."""
    iteration = load_run(dataset, "deconfuse").iteration()
    wrong = np.flatnonzero(iteration.column("label") != iteration.column("prediction"))
    return wrong[np.argsort(-iteration.column("p_max")[wrong], kind="stable")].tolist()


def test_disagreements_by_confidence(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    expected = disagreements(dataset)
    content = on_ranking(app, dataset)
    total = content.get_by_test_id("ranking-total")
    expect(total).to_have_text(f"confidence · {len(expected)} samples")
    tiles = content.locator(".dcf-tile")
    expect(tiles.first).to_be_visible()
    shown = rows_of(tiles)
    assert shown == expected[: len(shown)]
    shoot(app, "ranking-dark")

    # The threshold by keyboard: what is below it leaves.
    p_max = load_run(dataset, "deconfuse").iteration().column("p_max")
    content.get_by_role("slider", name="Lowest confidence shown").focus()
    for _ in range(10):
        app.page.keyboard.press("PageUp")
    expect(total).to_contain_text("≥")
    expect(total).not_to_contain_text(f" {len(expected)} samples")
    left = int(re.findall(r"([\d,]+) sample", total.inner_text())[0])
    above = float(re.findall(r"≥ ([\d.]+)", total.inner_text())[0])
    assert abs(left - sum(p_max[row] >= above for row in expected)) <= 1
    shoot(app, "ranking-threshold")
    app.page.keyboard.press("End")
    expect(total).to_contain_text("· 1 sample")
    app.page.keyboard.press("Home")
    expect(total).to_have_text(f"confidence · {len(expected)} samples")

    # Select the first three, give each its prediction, take the last decision back.
    first = expected[:3]
    tiles.and_(content.locator(f'[data-row="{first[0]}"]')).click()
    expect(content.locator(".dcf-probabilities")).to_be_visible()
    tiles.and_(content.locator(f'[data-row="{first[2]}"]')).click(modifiers=["Shift"])
    expect(content.locator(".dcf-chosen")).to_contain_text("3 samples selected")
    shoot(app, "ranking-selected")
    app.page.keyboard.press("a")
    expect(total).to_have_text(f"confidence · {len(expected) - 3} samples")
    expect(content.locator(".dcf-chosen")).to_contain_text("0 samples selected")
    iteration = load_run(dataset, "deconfuse").iteration()
    wanted = {
        iteration.column("sample_id")[row].ljust(12, b"\0").hex(): CLASSES[
            iteration.column("prediction")[row]
        ]
        for row in first
    }
    dataset.reload()
    labels = dict(zip(*dataset.values(["id", "ground_truth.label"]), strict=True))
    assert {i: labels[i] for i in wanted} == wanted
    app.page.keyboard.press("u")
    expect(total).not_to_have_text(f"confidence · {len(expected) - 3} samples")
    assert app.errors == []


def test_the_queue_goes_on_where_the_ranking_points(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    content = on_ranking(app, dataset)
    run = load_run(dataset, "deconfuse")
    iteration = run.iteration()
    values = np.random.default_rng(4).permutation(iteration.samples).astype(np.float32)
    write_rank(run, iteration, "importance", values)
    choose(app, content, "Importance")
    expect(content.get_by_test_id("ranking-total")).to_have_text("importance · 400 samples")

    # One class alone, chosen by typing.
    content.get_by_role("combobox", name="Labelled as").fill("7")
    app.page.get_by_role("option", name="7", exact=True).click()
    label = iteration.column("label")
    sevens = np.flatnonzero(label == 7)
    order = sevens[np.argsort(-values[sevens])].tolist()
    expect(content.get_by_test_id("ranking-total")).to_have_text(
        f"importance · {len(order)} samples"
    )
    content.locator(".dcf-grid").click(position={"x": 2, "y": 2})
    app.page.keyboard.press("v")
    picture = content.locator(".dcf-queue-picture")
    expect(content.locator(".dcf-cellbar")).to_contain_text("Importance labelled 7")
    expect(content.locator(".dcf-cellbar")).to_contain_text(f"{len(order)} left")
    for row in order[:3]:
        expect(picture).to_have_attribute("data-row", str(row))
        expect(picture).to_have_attribute("data-shown", "true")
        app.page.wait_for_timeout(PRESS_MS)
        app.page.keyboard.press("c")
    expect(picture).to_have_attribute("data-row", str(order[3]))
    shoot(app, "ranking-queue")
    app.page.keyboard.press("Escape")
    expect(content.get_by_test_id("ranking-total")).to_have_text(
        f"importance · {len(order) - 3} samples"
    )
    tiles = content.locator(".dcf-tile")
    assert rows_of(tiles)[:5] == order[3:8]
    assert app.errors == []


def test_a_score_that_is_worked_out_anew_is_shown(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    run = load_run(dataset, "deconfuse")
    iteration = run.iteration()
    values = np.random.default_rng(4).permutation(iteration.samples).astype(np.float32)
    write_rank(run, iteration, "importance", values)
    content = on_ranking(app, dataset)
    choose(app, content, "Importance")
    first = content.locator(".dcf-tile").first
    expect(first).to_have_attribute("data-row", str(values.argmax()))
    write_rank(run, iteration, "importance", -values)
    expect(first).to_have_attribute("data-row", str(values.argmin()))
    assert app.errors == []


def test_scores_that_were_not_computed_say_how(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    content = on_ranking(app, dataset)
    choose(app, content, "Neighbour disagreement")
    expect(content.get_by_text("not computed for this iteration")).to_be_visible()
    expect(content.locator("code")).to_have_text("map_dataset")
    shoot(app, "ranking-none")
    assert violations(app) == []
    content.get_by_role("button", name="Map the dataset").click()
    total = content.get_by_test_id("ranking-total")
    expect(total).to_have_text("share of other labels · 400 samples", timeout=300_000)
    dataset.reload()
    score = sorted(dataset.values("deconfuse_disagreement"), reverse=True)
    texts = content.locator(".dcf-caption-value")
    assert texts.first.inner_text() == f"{score[0]:.2f}"
    choose(app, content, "cleanlab")
    expect(content.locator("code")).to_have_text("find_label_errors")
    assert app.errors == []


def test_an_empty_ranking_offers_a_way_out(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    content = on_ranking(app, dataset)
    total = content.get_by_test_id("ranking-total")
    expect(total).to_contain_text("confidence")
    content.get_by_role("slider", name="Lowest confidence shown").focus()
    app.page.keyboard.press("End")
    expect(total).to_contain_text("· 1 sample")
    content.locator(".dcf-tile").first.click()
    seen(content)
    app.page.keyboard.press("c")
    expect(content.get_by_text("No sample reaches the threshold")).to_be_visible()
    shoot(app, "ranking-empty")
    content.get_by_role("button", name="Show all").click()
    expect(content.locator(".dcf-tile").first).to_be_visible()
    assert app.errors == []


@pytest.mark.parametrize("width", [1600, 380])
def test_it_is_accessible_in_both_themes(new_window: Any, digits_run: Any, width: int) -> None:
    dataset, _ = digits_run
    app = new_window()
    content = on_ranking(app, dataset)
    root = content.locator(".dcf")
    if width < 600:
        root.evaluate(f"e => {{ e.style.width = '{width}px'; e.style.right = 'auto'; }}")
    themes = []
    for _ in range(2):
        theme = str(root.get_attribute("data-theme"))
        themes.append(theme)
        tile = content.locator(".dcf-tile").first
        tile.click()
        expect(content.locator(".dcf-probabilities")).to_be_visible()
        assert violations(app) == []
        body = content.locator(".dcf-cellbody")
        assert body.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), "nothing sticks out"
        header = content.locator(".dcf-header")
        assert header.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), "the head fits"
        shoot(app, f"ranking-{theme}-{width}")

        # By keyboard alone: arrows go from picture to picture, Enter selects.
        tile.focus()
        app.page.keyboard.press("ArrowRight")
        app.page.keyboard.press("Enter")
        expect(content.locator(".dcf-chosen")).to_contain_text("1 sample selected")
        app.page.keyboard.press("Escape")
        expect(content.locator(".dcf-chosen")).to_contain_text("0 samples selected")
        toggle_theme(app)
        expect(root).not_to_have_attribute("data-theme", theme)
    assert sorted(themes) == ["dark", "light"]
    assert app.errors == []
