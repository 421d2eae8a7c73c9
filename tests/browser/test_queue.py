"""The queue in the real App, by the keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import expect

from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import PRESS_MS, looked_at, panel
from tests.panels.made_runs import write_iteration


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
        looked_at(content)
        expect(left.get_by_role("button", name="Accept")).to_be_enabled()

    def press(key: str, after: int) -> None:
        """Press until it counts: what comes before the picture is drawn is dropped."""
        at(after + 1)
        page.keyboard.press(key)
        try:
            expect(left.get_by_text(f"{after} left")).to_be_visible(timeout=10_000)
        except AssertionError:
            page.keyboard.press(key)

    for key, after in (("c", 5), ("a", 4), ("3", 3), ("s", 2), ("x", 1)):
        press(key, after)
    # It is shown for some seconds only.
    expect(content.get_by_text("Removed 1 sample.")).to_be_visible()
    at(1)
    assert len(new.values("id")) == len(labels) - 1
    page.keyboard.press("u")
    at(2)
    # It counts before it is carried out.
    expect(content.get_by_text("Undone for 1 sample.")).to_be_visible()
    assert set(new.values("id")) == set(ids)
    page.keyboard.press("x")
    at(1)
    page.keyboard.press("a")
    expect(content.locator('[role="status"]', has_text="Relabelled 1 sample.")).to_be_visible()
    expect(content.get_by_test_id("what")).to_have_text("2 → 1")
    # Only now comes the one that was skipped.
    expect(left.get_by_text("0 left · 1 skipped")).to_be_visible()
    at(0)
    page.wait_for_timeout(400)
    page.keyboard.press("s")
    expect(content.get_by_text("Only skipped samples are left")).to_be_visible()
    expect(content.get_by_text("1 sample skipped.")).to_be_visible()
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


GAPS = """() => {
  window.gaps = 0;
  new MutationObserver(() => {
    if (!document.querySelector('.dcf-queue-picture[data-row] img')) window.gaps++;
  }).observe(document.querySelector('.dcf-queue'), {
    subtree: true, childList: true, attributes: true,
  });
}"""
QUIET_MS = 1_000


def test_the_next_image_is_there_when_a_decision_is_made(app: Any, digits_run: Any) -> None:
    page = app.page
    open_requests: set[Any] = set()
    page.on("request", lambda request: open_requests.add(request))
    page.on("requestfinished", lambda request: open_requests.discard(request))
    page.on("requestfailed", lambda request: open_requests.discard(request))

    def settled() -> None:
        """Return when the panel has asked nothing for a while."""
        quiet = 0
        while quiet < QUIET_MS:
            page.wait_for_timeout(100)
            asking = any("label_errors" in (r.post_data or "") for r in open_requests)
            quiet = 0 if asking else quiet + 100

    content = panel(app, digits_run[0])
    content.locator(".dcf-cell-open").first.focus()
    page.keyboard.press("q")
    picture = content.locator(".dcf-queue-picture[data-row]")
    for _ in range(3):
        expect(picture.locator("img")).to_be_visible()
        expect(picture).to_have_attribute("data-shown", "true")
        settled()
        before = picture.get_attribute("data-row") or ""
        page.evaluate(GAPS)
        page.keyboard.press("c")
        expect(picture).not_to_have_attribute("data-row", before)
        expect(content.get_by_text("Confirmed 1 sample.")).to_be_visible()
        settled()
        assert page.evaluate("window.gaps") == 0


def test_the_queue_goes_on_past_what_was_deleted(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    iteration = load_run(dataset, "deconfuse").iteration()
    wrong = np.flatnonzero(iteration.suspect_rows)
    order = wrong[np.argsort(-iteration.column("suspicion")[wrong], kind="stable")]
    ids = unpack_ids(iteration.column("sample_id")[order])
    dataset.delete_samples(ids[:1])
    content = panel(app, dataset)
    content.locator(".dcf-cell-open").first.focus()
    app.page.keyboard.press("q")
    bar = content.locator(".dcf-queue .dcf-cellbar")
    expect(bar).to_contain_text(f"{len(ids) - 1} left · 1 deleted elsewhere")
    expect(looked_at(content)).to_have_attribute("data-row", str(order[1]))
    app.page.keyboard.press("c")
    expect(bar).to_contain_text(f"{len(ids) - 2} left")
    assert app.errors == []


def test_numbers_are_those_of_the_filter_of_the_app(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    iteration = load_run(dataset, "deconfuse").iteration()
    wrong = unpack_ids(iteration.column("sample_id")[iteration.suspect_rows])
    inside = len(dataset.select(wrong).match_tags("test"))
    assert 0 < inside < len(wrong)
    content = panel(app, dataset)
    content.locator(".dcf-cell-open").first.focus()
    app.page.keyboard.press("q")
    bar = content.locator(".dcf-queue .dcf-cellbar")
    expect(bar).to_contain_text(f"{len(wrong)} left")
    app.by("sidebar-field-arrow-enabled-tags").click()
    field = app.page.get_by_placeholder("+ filter by sample tag")
    field.fill("test")
    field.press("Enter")
    expect(bar).to_contain_text(f"{inside} left in the view of {len(wrong)}")
    app.by("checkbox-test").click()  # which takes it off
    expect(bar).not_to_contain_text("in the view")
    expect(bar).to_contain_text(f"{len(wrong)} left")
    assert app.errors == []


def test_what_cannot_be_shown_is_skipped_or_removed_and_not_judged(
    app: Any, digits_run: Any
) -> None:
    dataset, _ = digits_run
    for path in dataset.values("filepath"):
        Path(path).unlink()
    before = dict(zip(*dataset.values(["id", "ground_truth.label"]), strict=True))
    content = panel(app, dataset)
    content.locator(".dcf-cell-open").first.focus()
    app.page.keyboard.press("q")
    expect(content.get_by_text("This image cannot be shown")).to_be_visible()
    row = looked_at(content).get_attribute("data-row")
    for key in ("c", "a"):
        app.page.keyboard.press(key)
        expect(content.get_by_test_id("dropped")).to_contain_text("cannot be shown: skip or remove")
        app.page.wait_for_timeout(PRESS_MS)
    assert looked_at(content).get_attribute("data-row") == row
    assert dict(zip(*dataset.values(["id", "ground_truth.label"]), strict=True)) == before
    app.page.keyboard.press("s")
    expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", str(row))
    looked_at(content)
    app.page.keyboard.press("x")
    expect(content.get_by_text("Removed 1 sample.")).to_be_visible()
