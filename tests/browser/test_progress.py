"""The progress of a run in the real App: blind audit, estimate, target, check before bulk."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    PRESS_MS,
    choose_option,
    planted_digits,
    shoot,
    shown,
    violations,
)


@pytest.fixture
def made(dataset: Callable[..., Any]) -> tuple[Any, dict[str, str]]:
    """Digits with planted errors and a run on them; the true digit of each file."""
    new, true, _ = planted_digits(dataset, 600, share=0.2)
    return new, true


def on_progress(app: Any, dataset: Any) -> Locator:
    app.open(dataset)
    content = shown(app)
    app.page.keyboard.press("p")
    expect(content.get_by_text("Unknown before an audit")).to_be_visible()
    return content


def test_an_audit_is_judged_blind_and_read(app: Any, made: tuple[Any, dict[str, str]]) -> None:
    from plugin.audit.audits import open_audit
    from plugin.store.iterations import unpack_ids

    dataset, truth = made
    content = on_progress(app, dataset)
    shoot(app, "progress-none")
    choose_option(content.get_by_role("combobox", name="Samples in the audit"), "50 samples")
    content.get_by_role("button", name="Draw an audit").click()
    status = content.get_by_text("judged", exact=False).and_(
        content.get_by_role("region", name="Audit").get_by_role("status")
    )
    expect(status).to_have_text("0 of 50 judged")
    picture = content.locator(".dcf-queue-picture")
    expect(picture.locator("img")).to_be_visible()
    shoot(app, "audit")
    assert violations(app) == []
    # Blind: nothing on the screen or in the page tells the label or the prediction.
    side = content.get_by_role("complementary", name="Verdict").inner_text()
    assert "abelled" not in side
    assert "IIES" not in side
    audit = open_audit(load_run(dataset, "deconfuse"))
    assert audit is not None
    ids = unpack_ids(audit.record.sample_id)

    for judged in range(50):
        expect(picture).to_have_attribute("data-shown", "true")
        app.page.wait_for_timeout(PRESS_MS)
        place = int(str(picture.get_attribute("data-place")))
        app.page.keyboard.press(truth[ids[place]])  # classes named by digits have these as keys
        if judged < 49:
            expect(status).to_have_text(f"{judged + 1} of 50 judged")
    content.get_by_role("button", name="See the estimate").click()
    left = content.get_by_test_id("left")
    expect(left).to_contain_text(re.compile(r"about \d+"))
    expect(content.get_by_text("from 50 samples of")).to_be_visible()  # none is on its way
    expect(content.get_by_test_id("distance")).to_contain_text("Found by now: at least")
    shoot(app, "progress")
    assert violations(app) == []

    # Every verdict is in the dataset: true labels, decided samples.
    dataset.reload()
    judged_ones = dataset.select(ids)
    assert judged_ones.values("ground_truth.label") == [truth[i] for i in judged_ones.values("id")]
    assert None not in judged_ones.values("deconfuse_decision")
    assert app.errors == []


def test_the_target_is_kept(new_window: Any, made: tuple[Any, dict[str, str]]) -> None:
    dataset, _ = made
    content = on_progress(new_window(), dataset)
    choose_option(content.get_by_role("combobox", name="Share of the errors to find"), "99 %")
    content.get_by_role("button", name="Set", exact=True).click()
    expect(content.get_by_role("button", name="Set", exact=True)).to_have_count(0)
    again = on_progress(new_window(), dataset)
    chosen = again.get_by_role("combobox", name="Share of the errors to find")
    expect(chosen).to_have_text("99 %")


def test_a_bulk_decision_rests_on_a_check(app: Any, made: tuple[Any, dict[str, str]]) -> None:
    import fiftyone.core.odm as foo

    dataset, _ = made
    app.open(dataset)
    content = shown(app)
    # The leftmost cell of the first row: the classifier agrees with its labels.
    content.locator(".dcf-cell-correct .dcf-cell-open").first.click()
    expect(content.locator('canvas[data-points]:not([data-points="0"])')).to_be_visible()
    # The selected ones, or with none selected the whole cell.
    app.page.keyboard.press("e")
    expect(
        content.get_by_role("button", name=re.compile("Check some of them first"))
    ).to_be_visible()
    app.page.keyboard.press("Escape")
    shoot(app, "check-cell")
    content.get_by_role("button", name=re.compile(r"Confirm all \d+ after a check")).click()
    dialog = app.page.get_by_role("dialog")
    choose_option(dialog.get_by_role("combobox", name="Samples to check"), "20")
    dialog.get_by_role("button", name="Draw 20").click()
    tiles = dialog.get_by_role("button", name=re.compile("is an exception"))
    expect(tiles).to_have_count(20)
    shoot(app, "check")
    tiles.first.click()
    dialog.get_by_role("button", name="1 exception").click()
    expect(dialog.get_by_test_id("bound")).to_contain_text("20 looked at, 1 exception")
    shoot(app, "check-bound")
    dialog.get_by_role("button", name=re.compile("Confirm .* samples")).click()
    expect(content.get_by_test_id("cell-open")).to_have_text(re.compile("^1 open"))
    run = load_run(dataset, "deconfuse")
    header = foo.get_db_conn()["deconfuse.decisions"].find_one(run.owner)
    assert header["basis"]["exceptions"] == 1
    assert header["basis"]["checked"] == 20
    assert app.errors == []
