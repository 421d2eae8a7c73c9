"""The panel in the real App: it shows what was scored, and what one decides is in MongoDB."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from plugin.keeping.columns import delete_columns
from tests.panels.made_runs import digit_probabilities, planted, write_iteration

CLASSES = [str(digit) for digit in range(10)]
AXE = Path(__file__).resolve().parents[2] / "panels/web/node_modules/axe-core/axe.min.js"
N = 400


@pytest.fixture
def made(dataset: Callable[..., Any]) -> Any:
    """A dataset of digits with planted errors, and a run on it."""
    from sklearn.datasets import load_digits

    labels = planted(np.asarray(load_digits(return_X_y=True)[1])[:N].tolist(), share=0.15)
    new = dataset(n=N, labels=labels, scale=4)
    p, features = digit_probabilities(tuple(labels), N)
    write_iteration(new, p, CLASSES, features)
    return new, p


def panel(app: Any, dataset: Any) -> Locator:
    """Open the dataset and the panel on it; the panel once it shows its overview."""
    app.open(dataset)
    return shown(app)


def shown(app: Any) -> Locator:
    """The panel, opened unless the App remembers it from another window."""
    content = app.page.locator('[data-cy="panel-content-label_errors"]')
    if content.count() == 0:
        content = app.open_panel("label_errors")
    expect(content.locator(".dcf-cell-open").first).to_be_visible()
    return content


def truth(dataset: Any, p: Any) -> Counter[tuple[int, int]]:
    """Samples by label and prediction, computed from the database and the probabilities."""
    labels = dataset.values("ground_truth.label")
    return Counter((CLASSES.index(a), int(b)) for a, b in zip(labels, p.argmax(1), strict=True))


def largest(counts: Counter[tuple[int, int]]) -> tuple[int, int]:
    """The misclassified pair with the most samples."""
    return max((pair for pair in counts if pair[0] != pair[1]), key=lambda pair: counts[pair])


def cell(content: Locator, pair: tuple[int, int]) -> Locator:
    return content.locator(f'[data-cell="{pair[0]}-{pair[1]}"]')


def open_cell(content: Locator, pair: tuple[int, int]) -> None:
    cell(content, pair).click()
    expect(content.locator('canvas[data-points]:not([data-points="0"])')).to_be_visible()


def lasso(page: Page, content: Locator) -> None:
    """Draw a lasso around the whole map."""
    box = content.locator(".dcf-map canvas").bounding_box()
    assert box is not None
    left, top = box["x"] + 2, box["y"] + 2
    right, bottom = box["x"] + box["width"] - 2, box["y"] + box["height"] - 2
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def button(content: Locator, name: str) -> Locator:
    return content.get_by_role("button", name=re.compile(name))


def test_overview_shows_the_scores(app: Any, made: Any) -> None:
    dataset, p = made
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


def test_bars_follow_the_iies(app: Any, made: Any) -> None:
    dataset, p = made
    content = panel(app, dataset)
    pair = largest(truth(dataset, p))
    label = np.array([CLASSES.index(name) for name in dataset.values("ground_truth.label")])
    rows = np.flatnonzero((label == pair[0]) & (p.argmax(1) == pair[1]))
    score = (p[rows].max(1) + 1 - p[rows, label[rows]]) / 2
    bins = np.unique(np.floor((score - 0.1) / 0.9 * 20).clip(0, 19))
    path = cell(content, pair).locator("path").first.get_attribute("d") or ""
    assert path.count("M") == len(bins)
    tops = sorted(float(top) for top in re.findall(r"M0 ([\d.]+)", path))
    np.testing.assert_allclose(tops, sorted(46 - (bins + 1) * 46 / 20), atol=0.02)


def test_lasso_relabel_and_undo(app: Any, made: Any) -> None:
    dataset, p = made
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
    expect(content.get_by_text("Every sample of this cell is decided")).to_be_visible()
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


def test_click_and_shift_click_select_in_both(app: Any, made: Any) -> None:
    dataset, p = made
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


def test_choose_another_label_by_typing(app: Any, made: Any) -> None:
    dataset, p = made
    content = panel(app, dataset)
    pair = largest(truth(dataset, p))
    open_cell(content, pair)
    app.page.keyboard.press("g")
    content.locator(".dcf-tile").first.click()
    app.page.keyboard.press("r")
    field = app.page.get_by_role("combobox", name="New label")
    expect(app.page.get_by_role("option").first).to_contain_text(CLASSES[pair[1]])
    field.fill("smudge")
    expect(app.page.get_by_role("option", name="smudge")).to_contain_text("new class")
    app.page.keyboard.press("Enter")
    expect(content.get_by_text("Relabelled 1 sample.")).to_be_visible()
    assert dataset.count_values("ground_truth.label")["smudge"] == 1


def test_keys_are_left_to_whoever_types(app: Any, made: Any) -> None:
    dataset, _ = made
    content = panel(app, dataset)
    search = content.get_by_label("Search classes")
    search.fill("")
    search.press_sequentially("q3u")
    expect(content.get_by_text("No class has “q3u” in its name.")).to_be_visible()
    search.fill("3")
    expect(content.locator('[role="row"]')).to_have_count(1)


def test_queue_by_keyboard_alone(app: Any, dataset: Any) -> None:
    labels = ["1", "2", "1", "2", "1", "2", "1", "1"]
    new = dataset(n=len(labels), labels=labels, scale=4)
    p = np.full((len(labels), 3), 0.1)
    # Suspicion falls from sample to sample; the last two are agreed with.
    for i, name in enumerate(labels):
        own, other = int(name) - 1, 2 - int(name)
        p[i, own], p[i, other] = (0.1 + 0.02 * i, 0.8 - 0.02 * i) if i < 6 else (0.8, 0.1)
    write_iteration(new, p, ["1", "2", "3"])
    ids = new.values("id")
    content = panel(app, new)
    page = app.page
    content.locator(".dcf-cell-open").first.focus()
    page.keyboard.press("q")
    left = content.locator(".dcf-queue")

    def at(row_left: int) -> None:
        expect(left.get_by_text(f"{row_left} left")).to_be_visible()
        expect(content.locator(".dcf-queue-picture[data-row]")).to_have_count(1)

    for key, after in (("c", 5), ("a", 4), ("3", 3), ("s", 2), ("x", 1)):
        at(after + 1)
        page.keyboard.press(key)
    at(1)
    expect(content.get_by_text("Removed 1 sample.")).to_be_visible()
    assert len(new.values("id")) == len(labels) - 1
    page.keyboard.press("u")
    at(2)
    assert set(new.values("id")) == set(ids)
    page.keyboard.press("x")
    at(1)
    page.keyboard.press("a")
    expect(content.get_by_text("The queue is empty")).to_be_visible()
    expect(content.get_by_text("1 sample skipped.")).to_be_visible()
    expect(content.locator('[role="status"]', has_text="Relabelled 1 sample.")).to_be_visible()
    new.reload()
    now = dict(zip(*new.values(["id", "ground_truth.label"]), strict=True))
    kept = dict(zip(*new.values(["id", "deconfuse_decision"]), strict=True))
    assert now[ids[0]] == "1"
    assert kept[ids[0]] == "confirmed"
    assert now[ids[1]] == "1"
    assert now[ids[2]] == "3"
    assert kept[ids[3]] is None
    assert ids[4] not in now
    assert now[ids[5]] == "1"


def test_both_windows_follow(new_window: Any, made: Any) -> None:
    dataset, p = made
    one, two = new_window(), new_window()
    first = panel(one, dataset)
    second = panel(two, dataset)
    counts = truth(dataset, p)
    pair = largest(counts)
    open_cell(first, pair)
    one.page.keyboard.press("g")
    first.locator(".dcf-tile").first.click()
    one.page.keyboard.press("c")
    expect(first.get_by_text("Confirmed 1 sample.")).to_be_visible()
    expect(cell(second, pair).locator(".dcf-cell-count")).to_have_text(str(counts[pair] - 1))
    expect(second.locator('[data-number="confirmed"] dd')).to_have_text("1")


def test_a_conflict_is_shown_where_it_happened(app: Any, made: Any) -> None:
    dataset, p = made
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
    app.page.keyboard.press("c")
    alert = content.get_by_role("alert")
    expect(alert).to_contain_text("1 sample was left alone")
    alert.get_by_role("button", name="Details").click()
    expect(alert).to_contain_text(f"expected {CLASSES[pair[0]]}, found other")


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


def test_the_view_is_respected(app: Any, made: Any) -> None:
    dataset, p = made
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


def toggle_theme(app: Any) -> None:
    """Switch the App between light and dark."""
    toggle = '[data-cy="theme-toggle"], [title*="mode" i], [aria-label*="mode" i]'
    app.page.locator(toggle).first.click()


def test_theme_switch(app: Any, made: Any) -> None:
    dataset, _ = made
    content = panel(app, dataset)
    root = content.locator(".dcf")
    colour = "e => getComputedStyle(e).backgroundColor"
    before, theme = root.evaluate(colour), root.get_attribute("data-theme")
    app.page.locator(
        '[data-cy="theme-toggle"], [title*="mode" i], [aria-label*="mode" i]'
    ).first.click()
    expect(root).not_to_have_attribute("data-theme", str(theme))
    assert root.evaluate(colour) != before


def test_no_run_offers_to_make_one(app: Any, dataset: Any) -> None:
    new = dataset(n=20, scale=4)
    app.open(new)
    content = app.open_panel("label_errors")
    expect(content.get_by_text("Label errors were not looked for yet")).to_be_visible()
    button(content, "^Find label errors$").click()
    expect(app.page.get_by_text("Find label errors").nth(1)).to_be_visible()
    expect(app.by("error-boundary")).to_have_count(0)


def test_all_resolved_says_what_was_achieved(app: Any, dataset: Any) -> None:
    labels = ["1", "2"] * 4
    new = dataset(n=8, labels=labels, scale=4)
    p = np.tile([0.9, 0.1], (8, 1))
    p[1::2] = [0.1, 0.9]
    p[0] = [0.1, 0.9]
    write_iteration(new, p, ["1", "2"])
    content = panel(app, new)
    expect(content.get_by_text("Every suspect of this iteration is resolved")).to_have_count(0)
    content.locator(".dcf-cell-open").first.focus()
    app.page.keyboard.press("q")
    expect(content.locator(".dcf-queue-picture[data-row]")).to_have_count(1)
    app.page.keyboard.press("a")
    expect(content.get_by_text("The queue is empty")).to_be_visible()
    app.page.keyboard.press("o")
    expect(content.get_by_text("Every suspect of this iteration is resolved")).to_be_visible()
    expect(content.get_by_text("1 relabelled")).to_be_visible()


def test_a_python_error_has_a_screen(app: Any, made: Any) -> None:
    dataset, p = made
    content = panel(app, dataset)
    delete_columns({"dataset_id": dataset._doc.id})
    cell(content, largest(truth(dataset, p))).click()
    expect(content.get_by_text("Something went wrong in Python")).to_be_visible()
    content.locator("summary").click()
    expect(content.locator("pre")).to_contain_text("NoFile")
    expect(app.by("error-boundary")).to_have_count(0)
    button(content, "^Back to the overview$").click()
    expect(content.locator(".dcf-cell-open").first).to_be_visible()


def violations(app: Any) -> list[str]:
    """What axe finds serious or critical in the panel as it is now."""
    if not app.page.evaluate("typeof axe !== 'undefined'"):
        app.page.add_script_tag(path=AXE)
    found = app.page.evaluate(
        "axe.run('.dcf', {resultTypes: ['violations']}).then(r => r.violations)"
    )
    return [
        f"{rule['id']}: {[node['html'][:160] for node in rule['nodes'][:3]]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("width", [1600, 900])
def test_every_screen_is_accessible_in_both_themes(new_window: Any, made: Any, width: int) -> None:
    dataset, p = made
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
        app.page.keyboard.press("q")
        expect(content.locator(".dcf-queue-picture[data-row]")).to_have_count(1)
        assert violations(app) == [], "queue"
        app.page.keyboard.press("o")
        toggle_theme(app)
