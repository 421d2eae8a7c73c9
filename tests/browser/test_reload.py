"""Nothing is lost on reload, and what others do meanwhile is followed, in the real App."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from playwright.sync_api import Locator, expect

from plugin.audit.audits import draw_audit, open_audit
from plugin.audit.judging import give_verdict
from plugin.decisions.resolve import resolve
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    SETTLE_MS,
    cell,
    largest,
    panel,
    shoot,
    truth,
    violations,
)

PANEL = '[data-cy="panel-content-label_errors"]'


def again(app: Any, dataset: Any) -> Locator:
    """The panel after a reload of the page, opened unless the App remembers it."""
    app.page.wait_for_timeout(300)
    app.load(dataset)
    content = app.page.locator(PANEL)
    if content.count() == 0:
        content = app.open_panel("label_errors")
    expect(content.locator(".dcf-header, .dcf-screen-buttons").first).to_be_visible()
    return content


def in_front(content: Locator) -> str:
    """The row of the sample that is drawn in the queue."""
    picture = content.locator(".dcf-queue-picture[data-shown]")
    expect(picture).to_have_count(1)
    return picture.get_attribute("data-row") or ""


def press(app: Any, content: Locator, key: str) -> None:
    """Press a key on the sample that is drawn, and wait for the next one."""
    before = in_front(content)
    app.page.wait_for_timeout(400)
    app.page.keyboard.press(key)
    expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", before)


def test_the_queue_comes_back_with_what_was_skipped_at_its_end(app: Any, dataset: Any) -> None:
    labels = ["1", "2", "1", "2", "1"]
    new = dataset(n=len(labels), labels=labels, scale=4)
    p = np.full((len(labels), 3), 0.1)
    for i, name in enumerate(labels):
        p[i, int(name) - 1], p[i, 2 - int(name)] = 0.1 + 0.02 * i, 0.8 - 0.02 * i
    write_run(new, p)
    content = panel(app, new)
    content.locator(".dcf-cell-open").first.focus()
    app.page.keyboard.press("q")
    first = in_front(content)
    press(app, content, "s")
    second = in_front(content)
    press(app, content, "s")
    third = in_front(content)
    status = content.locator(".dcf-queue .dcf-cellbar [role=status]")
    expect(status).to_have_text("3 left · 2 skipped")

    content = again(app, new)
    assert in_front(content) == third
    status = content.locator(".dcf-queue .dcf-cellbar [role=status]")
    expect(status).to_have_text("3 left · 2 skipped")
    content.get_by_role("button", name="List the skipped").click()
    listed = app.page.get_by_role("dialog", name="Skipped")
    expect(listed.get_by_role("button")).to_have_count(2)
    shoot(app, "skipped-list")
    assert violations(app) == []
    listed.get_by_role("button", name="Go to skipped sample 2").click()
    expect(content.locator(".dcf-queue-picture")).to_have_attribute("data-row", second)
    press(app, content, "c")
    for _ in range(3):
        press(app, content, "c")
    # The one that was skipped is the last, and says so.
    assert in_front(content) == first
    expect(content.get_by_text("skipped before")).to_be_visible()
    app.page.wait_for_timeout(400)
    app.page.keyboard.press("s")
    expect(content.get_by_text("Only skipped samples are left")).to_be_visible()
    shoot(app, "queue-end")
    content.get_by_role("button", name="Go through the skipped ones").click()
    assert in_front(content) == first
    app.page.wait_for_timeout(400)
    app.page.keyboard.press("c")
    expect(content.get_by_text("The queue is empty")).to_be_visible()
    assert app.errors == []


def write_run(dataset: Any, p: Any, key: str = "deconfuse") -> None:
    from tests.panels.made_runs import write_iteration

    write_iteration(dataset, p, ["1", "2", "3"], key=key)


def test_screen_cell_and_choices_come_back_whatever_became_of_the_run(
    app: Any, digits_run: Any
) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    content.locator('button[value="errors"]').click()
    pair = largest(truth(dataset, p))
    cell(content, pair).click()
    app.page.keyboard.press("g")
    expect(content.locator(".dcf-tile").first).to_be_visible()

    content = again(app, dataset)
    expect(content.locator(".dcf-tile").first).to_be_visible()
    title = content.get_by_role("region", name="Cell").get_by_role("heading", level=2)
    expect(title).to_have_text(f"{pair[0]} predicted {pair[1]}")
    app.page.keyboard.press("o")
    by_errors = content.locator('button[value="errors"]')
    expect(by_errors).to_have_attribute("aria-pressed", "true")
    app.page.keyboard.press("w")
    expect(content.get_by_role("region", name="Ranking")).to_be_visible()

    # Its name is another one; it is the same run.
    dataset.rename_run("deconfuse", "cleaning")
    content = again(app, dataset)
    expect(content.get_by_role("region", name="Ranking")).to_be_visible()
    expect(content.get_by_role("combobox", name="Run")).to_contain_text("cleaning")
    # Deleted it is begun anew, and nothing is left to break that.
    dataset.delete_run("cleaning")
    content = again(app, dataset)
    expect(content.get_by_text("No run on this dataset yet")).to_be_visible()
    assert app.errors == []


def test_an_audit_follows_what_others_judge(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    run = load_run(dataset, "deconfuse")
    audit = draw_audit(run, 50)
    ids = unpack_ids(audit.record.sample_id)
    content = panel(app, dataset)
    app.page.keyboard.press("p")
    content.get_by_role("button", name=re.compile("^Judge ")).click()
    status = content.get_by_role("region", name="Audit").get_by_role("status").first
    expect(status).to_have_text("0 of 50 judged")
    picture = content.locator(".dcf-queue-picture")
    expect(picture).to_have_attribute("data-place", "0")

    content = again(app, dataset)  # the audit comes back as well
    status = content.get_by_role("region", name="Audit").get_by_role("status").first
    expect(status).to_have_text("0 of 50 judged")

    labels = dict(zip(*dataset.values(["id", "ground_truth.label"]), strict=True))
    judged = open_audit(run)
    assert judged is not None
    for place in range(30):
        give_verdict(judged, place, labels[ids[place]])
    expect(status).to_have_text("30 of 50 judged", timeout=7_000)
    expect(picture).to_have_attribute("data-place", "30")
    # An act on what was judged in the same moment is a line.
    resolve(run, "confirm", [ids[30]])
    expect(picture).to_have_attribute("data-shown", "true")
    app.page.wait_for_timeout(SETTLE_MS)
    app.page.keyboard.press("3")
    line = content.locator(".dcf-outcome")
    expect(line).to_contain_text("judged")
    expect(content.get_by_text("This cannot be shown")).to_have_count(0)
    expect(picture).to_have_attribute("data-place", "31")
    shoot(app, "audit-judged-elsewhere")
    assert violations(app) == []
    assert app.errors == []
