"""Long work from the App leaves the App free: nothing covers it, and it can be stopped."""

from __future__ import annotations

import re
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
from playwright.sync_api import expect
from sklearn.datasets import load_digits

from plugin.decisions.resolve import resolve
from plugin.store.current_jobs import current_job
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import CLASSES, panel, shoot, violations
from tests.browser.operator_forms import form_of
from tests.panels.made_runs import digit_probabilities, planted

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
    said = re.compile("of 60 open samples were found suspect")
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


def test_the_next_iteration_asks_nothing_and_its_overview_comes(app: Any, dataset: Any) -> None:
    labels = planted(load_digits(return_X_y=True)[1][:120].tolist(), share=0.2)
    p, _ = digit_probabilities(tuple(labels), len(labels))
    said = [
        fo.Classification(label=CLASSES[at], confidence=float(row[at]), logits=np.log(row))
        for at, row in zip(p.argmax(1), p, strict=True)
    ]
    new = dataset(n=len(labels), labels=labels, fields={"model": said}, scale=4)
    given = {"source": "predictions", "prediction_fields": ["model"], "duplicates": False}
    foo.get_operator("@deconfuse/label-errors/find_label_errors")(
        new, label_field="ground_truth", **given
    )
    content = panel(app, new)
    run = load_run(new, "deconfuse")
    first = run.iteration()
    wrong = np.flatnonzero(first.column("label") != first.column("prediction"))
    ids = unpack_ids(first.column("sample_id"))
    predicted = CLASSES[first.column("prediction")[wrong[0]]]
    resolve(run, "relabel", [ids[wrong[0]]], label=predicted)
    looked = content.get_by_label("Iteration", exact=True).locator("xpath=..")
    expect(looked).to_contain_text("Iteration 1")
    content.get_by_role("button", name="Next iteration", exact=True).click()
    expect(content.locator(".dcf-running")).to_contain_text(TASK, timeout=20_000)
    expect(app.page.get_by_role("dialog")).to_have_count(0)
    expect(looked).to_contain_text("Iteration 2", timeout=120_000)
    expect(content.locator(".dcf-ended")).to_contain_text("were found suspect")
    expect(app.page.get_by_role("dialog")).to_have_count(0)
    # It is what the first one was given, with the labels as they are now.
    expect(content.locator(".dcf-cell-open").first).to_be_visible()
    again = load_run(new, "deconfuse").iteration()
    assert again.number == 2
    assert again.settings == first.settings
    before, after = (
        dict(zip(unpack_ids(made.column("sample_id")), made.column("label").tolist(), strict=True))
        for made in (first, again)
    )
    assert [i for i in ids if before[i] != after[i]] == [ids[wrong[0]]]
    expect(content.locator('[data-number="relabelled"] dd')).to_have_text("1")
    assert app.errors == []


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
