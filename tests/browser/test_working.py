"""Long work from the App leaves the App free: nothing covers it, and it can be stopped."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from plugin.store.jobs import current_job
from tests.browser.label_errors_panel import shoot, violations
from tests.browser.operator_forms import form_of

TASK = "Finding label errors"


def test_a_run_from_the_operator_browser_leaves_the_app_free(app: Any, dataset: Any) -> None:
    new = dataset(n=1_797, scale=4)
    page = app.open(new)
    form_of(app, "Find label errors")
    page.get_by_role("button", name="Execute").click()
    strip = page.locator(".dcf-running")
    expect(page.get_by_text(re.compile("Started: finding label errors"))).to_be_attached()
    expect(strip).to_contain_text(TASK, timeout=20_000)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_count(0, timeout=5_000)
    told = set()
    for _ in range(4):  # FiftyOne's dialog would be back 2 seconds after it was closed
        page.wait_for_timeout(1_500)
        expect(dialog).to_have_count(0)
        told.add(strip.inner_text())
    assert len(told) == 4, "nothing is silent for long"
    expect(strip).to_contain_text("Epoch", timeout=120_000)
    # The grid is there beside it, and nothing lies over it.
    box = app.by("fo-grid").bounding_box()
    assert box is not None
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 3]
    on_top = "([x, y]) => !!document.elementFromPoint(x, y)?.closest('[data-cy=\"fo-grid\"]')"
    assert page.evaluate(on_top, middle)
    expect(strip).to_contain_text(re.compile(r"about \d+ (s|min) left"), timeout=20_000)
    strip.get_by_role("button", name="Cancel").click()
    ended = page.locator(".dcf-ended")
    expect(ended).to_contain_text(f"{TASK} was cancelled; nothing was kept", timeout=10_000)
    expect(strip).to_have_count(0)
    assert violations(app) == []
    shoot(app, "cancelled")
    ended.get_by_role("button", name=f"Dismiss: {TASK}").click()
    expect(ended).to_have_count(0)
    assert current_job(new, "deconfuse") is None
    assert app.errors == []


# FiftyOne's own notice: a text outside of the panel.
NOTICE = """text => [...document.querySelectorAll('body *')].some(element =>
  !element.closest('.dcf') && [...element.childNodes].some(node =>
    node.nodeType === Node.TEXT_NODE && node.data.includes(text)))"""


def test_the_end_is_told_wherever_one_is_in_the_app(app: Any, dataset: Any) -> None:
    new = dataset(n=60, scale=4)
    page = app.open(new)
    content = app.open_panel("label_errors")
    content.get_by_role("button", name="Find label errors").click()
    page.get_by_role("button", name="Execute").click()
    expect(content.locator(".dcf-running")).to_contain_text(TASK, timeout=20_000)
    expect(page.get_by_role("dialog")).to_have_count(0)
    said = re.compile("of 60 open samples are suspect")
    page.wait_for_function(NOTICE, arg=said.pattern, timeout=120_000)
    ended = content.locator(".dcf-ended")
    expect(ended).to_contain_text(said)
    expect(content.locator(".dcf-cell-open").first).to_be_visible()
    assert violations(app) == []
    shoot(app, "done")
    page.reload()
    expect(ended).to_contain_text(said)  # nothing is lost by a reload
    ended.get_by_role("button", name=f"Dismiss: {TASK}").click()
    expect(ended).to_have_count(0)


def test_what_goes_wrong_is_told_in_the_panel(app: Any, dataset: Any) -> None:
    alike = dataset(n=20, labels=["a"] * 20, scale=4)
    page = app.open(alike)
    content = app.open_panel("label_errors")
    content.get_by_role("button", name="Find label errors").click()
    page.get_by_role("button", name="Execute").click()
    ended = content.locator(".dcf-ended")
    expect(ended).to_contain_text("one class only", timeout=120_000)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(content.get_by_role("button", name="Find label errors")).to_be_enabled()
    assert violations(app) == []
    shoot(app, "refused")
