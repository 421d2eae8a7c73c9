"""What the panel shows when there is nothing to judge, or something went wrong."""

from __future__ import annotations

import time
from typing import Any

import fiftyone.core.odm as foo
import numpy as np
import pytest
from playwright.sync_api import expect

from plugin.errors import Cancelled
from plugin.store.columns import BUCKET
from plugin.store.jobs import Job
from tests.browser.label_errors_panel import (
    button,
    cell,
    largest,
    looked_at,
    panel,
    truth,
    violations,
)
from tests.panels.made_runs import write_iteration


def test_no_run_offers_to_make_one_and_shows_it(app: Any, dataset: Any) -> None:
    new = dataset(n=60, scale=4)
    app.open(new)
    content = app.open_panel("label_errors")
    expect(content.get_by_text("No run on this dataset yet")).to_be_visible()
    content.locator(".dcf").focus()
    for key in ("f", "Escape"):  # whatever is shown can have the whole window, and leave it
        app.page.keyboard.press(key)
        expect(content.locator(".dcf-whole")).to_have_count(1 if key == "f" else 0)
    button(content, "^Find label errors$").click()
    app.page.get_by_role("button", name="Execute").click()
    expect(content.locator(".dcf-cell-open").first).to_be_visible(timeout=120_000)
    expect(app.by("error-boundary")).to_have_count(0)
    new.reload()
    assert len(new.exists("deconfuse_suspicion")) == len(new)


def test_all_resolved_says_what_was_achieved(app: Any, dataset: Any) -> None:
    labels = ["1", "2"] * 4
    new = dataset(n=8, labels=labels, scale=4)
    p = np.tile([0.9, 0.1], (8, 1))
    p[1::2] = [0.1, 0.9]
    p[0] = [0.1, 0.9]
    write_iteration(new, p, ["1", "2"])
    content = panel(app, new)
    expect(content.get_by_text("Every suspect of this iteration is reviewed")).to_have_count(0)
    content.locator(".dcf-cell-open").first.focus()
    app.page.keyboard.press("q")
    looked_at(content)
    app.page.keyboard.press("a")
    expect(content.get_by_text("The queue is empty")).to_be_visible()
    app.page.keyboard.press("o")
    expect(content.get_by_text("Every suspect of this iteration is reviewed")).to_be_visible()
    expect(content.locator('[data-number="relabelled"] dd')).to_have_text("1")


def test_a_python_error_has_a_screen(app: Any, digits_run: Any) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    files = foo.get_db_conn()[f"{BUCKET}.files"]
    of_run = {"metadata.dataset_id": dataset._doc.id}
    assert files.update_many(of_run, {"$set": {"chunkSize": "no number"}}).modified_count
    cell(content, largest(truth(dataset, p))).click()
    expect(content.get_by_text("Something went wrong")).to_be_visible()
    content.locator("summary").click()
    expect(content.locator("pre")).to_contain_text("ValueError")
    expect(app.by("error-boundary")).to_have_count(0)
    button(content, "^Back to the overview$").click()
    expect(content.locator(".dcf-cell-open").first).to_be_visible()


def test_a_job_is_shown_and_can_be_cancelled(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    with Job(dataset, "deconfuse", "Next iteration") as job:
        job(0.4, "Epoch 2/5, loss 0.310")
        content = panel(app, dataset)
        strip = content.locator(".dcf-running")
        expect(strip).to_contain_text("Next iteration Epoch 2/5, loss 0.310")
        expect(strip.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "40")
        assert violations(app) == []
        job(0.6, "Epoch 3/5, loss 0.205")
        expect(strip).to_contain_text("Epoch 3/5")
        strip.get_by_role("button", name="Cancel").click()
        expect(strip.get_by_role("button", name="Cancelling")).to_be_disabled()
        with pytest.raises(Cancelled):
            for _ in range(100):
                job(0.7, "Epoch 4/5")
                time.sleep(0.1)
    expect(strip).to_have_count(0)
    expect(content.locator(".dcf-cell-open").first).to_be_visible()


def test_what_others_changed_is_said(app: Any, digits_run: Any) -> None:
    dataset, _ = digits_run
    one, two, three = dataset.values("id")[:3]
    twin = dataset[three].copy()
    dataset.delete_samples([one])
    dataset.select(two).set_values("ground_truth.label", ["by hand"])
    dataset.add_sample(twin)
    content = panel(app, dataset)
    banner = content.locator(".dcf-banner")
    expect(banner).to_contain_text(
        "1 sample added, 1 sample deleted, 1 label changed outside of this panel"
    )
    assert violations(app) == []
    banner.get_by_role("button", name="Options of the next iteration").click()
    expect(app.page.get_by_role("button", name="Execute")).to_be_visible()
    app.page.keyboard.press("Escape")
    banner.get_by_role("button", name="Dismiss").click()
    expect(banner).to_have_count(0)
