"""The overview in the real App: it shows what was scored."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
from playwright.sync_api import expect

from tests.browser.label_errors_panel import CLASSES, cell, largest, panel, truth
from tests.panels.made_runs import write_iteration


def test_overview_shows_the_scores(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    counts = truth(dataset, p)
    wrong: Counter[int] = Counter()
    for (label, prediction), n in counts.items():
        wrong[label] += n if label != prediction else 0
    rows = content.locator('[role="row"]')
    expect(rows).to_have_count(10)
    order = [row.locator("bdi").first.inner_text() for row in rows.all()]
    assert [wrong[int(name)] for name in order] == sorted(wrong.values(), reverse=True)
    seen: Counter[tuple[int, int]] = Counter()
    for row in rows.all():
        cells = row.locator("[data-cell]").all()
        pairs = [tuple(map(int, str(c.get_attribute("data-cell")).split("-"))) for c in cells]
        counted = [int(c.locator(".dcf-cell-count").inner_text()) for c in cells]
        assert pairs[0][0] == pairs[0][1], "the correct cell is leftmost"
        assert counted[1:] == sorted(counted[1:], reverse=True)
        seen.update({(a, b): n for (a, b), n in zip(pairs, counted, strict=True)})
    on_screen = {pair: n for pair, n in counts.items() if pair in seen}
    assert len(on_screen) > 20
    assert seen == on_screen
    assert app.errors == []


def test_bars_follow_the_iies(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    pair = largest(truth(dataset, p))
    label = np.array([CLASSES.index(name) for name in dataset.values("ground_truth.label")])
    rows = np.flatnonzero((label == pair[0]) & (p.argmax(1) == pair[1]))
    score = (p[rows].max(1) + 1 - p[rows, label[rows]]) / 2
    bins = np.unique(np.floor((score - 0.1) / 0.9 * 20).clip(0, 19))
    path = cell(content, pair).locator("path").first.get_attribute("d") or ""
    assert path.count("M") == len(bins)
    tops = sorted(float(top) for top in re.findall(r"M0 ([\d.]+)", path))
    np.testing.assert_allclose(tops, sorted(40 - (bins + 1) * 40 / 20), atol=0.02)


def test_keys_are_left_to_whoever_types(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    content = panel(app, dataset)
    search = content.get_by_label("Search classes")
    search.fill("")
    search.press_sequentially("q3u")
    expect(content.get_by_text("No class has “q3u” in its name.")).to_be_visible()
    search.fill("3")
    expect(content.locator('[role="row"]')).to_have_count(1)


def test_label_names_are_text(app: Any, dataset: Any) -> None:
    evil = '<img src=x onerror="window.harmed=true">'
    long = "ق" * 300
    labels = [evil, "<b>bold</b>", evil, long] * 3
    new = dataset(n=len(labels), labels=labels, scale=4)
    classes = sorted(set(labels))
    p = np.full((len(labels), 3), 0.1)
    for i, name in enumerate(labels):
        p[i, (classes.index(name) + 1) % 3] = 0.8
    write_iteration(new, p, classes, np.random.default_rng(0).normal(size=(len(labels), 4)))
    content = panel(app, new)
    expect(content.get_by_text(evil).first).to_be_visible()
    expect(content.get_by_text("<b>bold</b>").first).to_be_visible()
    content.locator(".dcf-cell-open").first.click()
    expect(content.locator(".dcf-title")).to_contain_text("predicted")
    app.page.keyboard.press("q")
    expect(content.locator(".dcf-queue-picture[data-row]")).to_have_count(1)
    assert content.locator("b, img[src=x]").count() == 0
    assert app.page.evaluate("window.harmed") is None
