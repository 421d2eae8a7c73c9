"""A cell in the real App: lasso, clicks, labels by typing; what one decides is in MongoDB."""

from __future__ import annotations

import re
from typing import Any

import fiftyone.operators as foo
import numpy as np
from playwright.sync_api import expect

from tests.browser.label_errors_panel import (
    CLASSES,
    button,
    cell,
    choose_option,
    largest,
    lasso,
    open_cell,
    panel,
    seen,
    shoot,
    truth,
    violations,
)


def test_lasso_relabel_and_undo(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    counts = truth(dataset, p)
    pair = largest(counts)
    n = counts[pair]
    before = dict(zip(*dataset.values(["id", "ground_truth.label"]), strict=True))
    open_cell(content, pair)
    lasso(app.page, content)
    expect(content.get_by_text(f"{n} samples selected")).to_be_visible()
    expect(app.page.locator('[data-cy="action-manage-selected"]')).to_contain_text(str(n))
    button(content, f"^Relabel as “{pair[1]}”").click()
    expect(content.get_by_text(f"Relabelled {n} samples.")).to_be_visible()
    expect(content.get_by_text("Every sample of this cell is reviewed")).to_be_visible()
    after = dict(zip(*dataset.values(["id", "ground_truth.label"]), strict=True))
    changed = {i for i in before if before[i] != after[i]}
    assert len(changed) == n
    assert {after[i] for i in changed} == {CLASSES[pair[1]]}
    button(content, "^Back to the overview$").last.click()
    expect(cell(content, pair)).to_have_count(0)
    expect(content.locator('[data-number="relabelled"] dd')).to_have_text(str(n))
    app.page.keyboard.press("u")
    expect(cell(content, pair).locator(".dcf-cell-count")).to_have_text(str(n))
    assert dict(zip(*dataset.values(["id", "ground_truth.label"]), strict=True)) == before


def test_choose_another_label_by_typing(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    pair = largest(truth(dataset, p))
    open_cell(content, pair)
    app.page.keyboard.press("g")
    content.locator(".dcf-tile").first.click()
    seen(content)
    app.page.keyboard.press("r")
    field = app.page.get_by_role("combobox", name="New label")
    expect(app.page.get_by_role("option").first).to_contain_text(CLASSES[pair[1]])
    field.fill("smudge")
    app.page.get_by_role("button", name="Make a new class “smudge”").click()
    expect(content.get_by_text("Relabelled 1 sample.")).to_be_visible()
    assert dataset.count_values("ground_truth.label")["smudge"] == 1


def test_a_conflict_is_shown_where_it_happened(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    pair = largest(truth(dataset, p))
    open_cell(content, pair)
    app.page.keyboard.press("g")
    content.locator(".dcf-tile").first.click()
    label = np.array([CLASSES.index(name) for name in dataset.values("ground_truth.label")])
    row = np.flatnonzero((label == pair[0]) & (p.argmax(1) == pair[1]))
    ids = np.array(dataset.values("id"))[row]
    view = dataset.select(ids.tolist())
    view.set_values("ground_truth.label", ["other"] * len(view))
    seen(content)
    app.page.keyboard.press("c")
    alert = content.get_by_role("alert")
    expect(alert).to_contain_text("1 sample was left alone")
    alert.get_by_role("button", name="Details").click()
    expect(alert).to_contain_text(f"expected {CLASSES[pair[0]]}, found other")


def test_both_windows_follow(new_window: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    one, two = new_window(), new_window()
    first = panel(one, dataset)
    second = panel(two, dataset)
    counts = truth(dataset, p)
    pair = largest(counts)
    open_cell(first, pair)
    one.page.keyboard.press("g")
    first.locator(".dcf-tile").first.click()
    seen(first)
    one.page.keyboard.press("c")
    expect(first.get_by_text("Confirmed 1 sample.")).to_be_visible()
    expect(cell(second, pair).locator(".dcf-cell-count")).to_have_text(str(counts[pair] - 1))
    expect(second.locator('[data-number="confirmed"] dd')).to_have_text("1")


def test_no_picture_of_the_map_lies_over_another(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    counts = truth(dataset, p)
    pair = max((pair for pair in counts if pair[0] == pair[1]), key=lambda pair: counts[pair])
    n = counts[pair]
    canvas = content.locator(".dcf-map canvas")
    size = content.get_by_label("Size of the images")
    drawn = content.get_by_test_id("drawn")

    def on_map() -> int:
        app.page.wait_for_timeout(300)
        return int(str(canvas.get_attribute("data-drawn")))

    open_cell(content, pair)
    expect(canvas).to_have_attribute("data-drawn", str(n))  # there is room for all
    expect(drawn).to_have_text("")
    size.press("End")
    expect(drawn).to_contain_text(f"of {n} drawn")
    few = on_map()
    assert 1 <= few < n
    shoot(app, "map-large")
    # What is not drawn is not selected unseen.
    lasso(app.page, content, every=False)
    chosen = "1 sample" if few == 1 else f"{few} samples"
    expect(content.get_by_text(f"{chosen} selected")).to_be_visible()
    canvas.focus()
    for _ in range(5):
        app.page.keyboard.press("+")
    assert on_map() > few
    shoot(app, "map-zoomed")
    # The size is kept; without the grid there is less room.
    app.page.reload()
    expect(drawn).to_contain_text(f"{few} of {n} drawn")
    size.press("Home")
    expect(canvas).to_have_attribute("data-drawn", str(n))
    for _ in range(12):
        size.press("ArrowRight")
    content.get_by_role("button", name="Spread").click()
    assert 1 <= on_map() <= n
    shoot(app, "map-projection")
    assert violations(app) == []
    assert app.errors == []


def test_a_cell_is_laid_out_by_saliency(app: Any, dataset: Any) -> None:
    labels = ["0", "1"] * 40
    new = dataset(n=80, labels=labels, scale=4)
    find = foo.get_operator("@deconfuse/label-errors/find_label_errors")
    find(new, label_field="ground_truth", epochs=1, duplicates=False)
    content = panel(app, new)
    content.locator(".dcf-cell-open").first.click()
    expect(content.locator('canvas[data-points]:not([data-points="0"])')).to_be_visible()
    asks_saliency = re.compile('"features": ?"saliency"')
    with app.page.expect_response(
        lambda reply: bool(asks_saliency.search(reply.request.post_data or ""))
    ) as answered:
        features = content.get_by_label("Features of the map").locator("xpath=..")
        choose_option(features.get_by_role("combobox"), "Saliency")
    assert len(answered.value.json()["result"]["x"]) > 2
    method = content.locator(".dcf-method")
    expect(method).not_to_contain_text("Laying out")
    expect(method).to_have_text(re.compile("^(UMAP|Principal components)"))
    expect(content.get_by_role("alert")).to_have_count(0)
