"""Predictions in the real App: imported by a form, previewed, scored and ranked."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.label_errors_panel import CLASSES, shoot
from tests.browser.operator_forms import form_of, pick
from tests.panels.made_runs import digit_probabilities

N = 300


@pytest.fixture
def models(dataset: Any) -> Any:
    """Digits with a model that is not sure of itself, and the same one made very sure."""
    samples = dataset(n=N, scale=4)
    p, _ = digit_probabilities(tuple(samples.values("ground_truth.label")), N)
    for name, factor in (("modest", 1.0), ("sure", 8.0)):
        logits = factor * np.log(np.maximum(p, 1e-9))
        sure = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        values = [
            fo.Classification(label=CLASSES[row.argmax()], confidence=row.max(), logits=own)
            for row, own in zip(sure, logits, strict=True)
        ]
        samples.set_values(name, values)
    samples.reload()
    return samples, p


def test_models_are_previewed_scored_and_ranked(app: Any, models: Any) -> None:
    dataset, p = models
    wrong = p.argmax(1) != [int(x) for x in dataset.values("ground_truth.label")]
    app.open(dataset)
    form = form_of(app, "Find label errors")
    form.get_by_text("Predictions in fields").click()
    expect(form.get_by_text("Prediction fields", exact=True)).to_be_visible()
    pick(app, form.get_by_role("combobox").first, "ground_truth")
    expect(form.get_by_role("combobox")).to_have_count(2)
    fields = form.get_by_role("combobox").last
    pick(app, fields, "modest")
    rows = form.get_by_role("row")
    expect(rows).to_have_count(2)
    pick(app, fields, "sure")
    expect(rows).to_have_count(4)
    share = f"{100 * wrong.mean():.1f} %"
    expect(rows.nth(1)).to_contain_text(re.compile(f"modest.*logits.*10.*{re.escape(share)}"))
    expect(rows.nth(2)).to_contain_text(re.compile(f"sure.*logits.*10.*{re.escape(share)}"))
    expect(rows.nth(3)).to_contain_text("all together")
    plot = form.locator(".js-plotly-plot")
    expect(plot.locator(".scatterlayer .trace")).to_have_count(4)
    plot.scroll_into_view_if_needed()
    shoot(app, "preview")
    form.get_by_role("button", name="Execute").click()
    expect(app.page.get_by_text("open samples were found suspect").first).to_be_visible(
        timeout=120_000
    )
    content = app.by("panel-content-label_errors")
    expect(content.locator(".dcf-cell-open").first).to_be_visible(timeout=120_000)
    content.get_by_role("button", name="Ranking").click()
    expect(content.get_by_test_id("ranking-total")).to_have_text(
        f"confidence · {int(wrong.sum())} samples"
    )
    shoot(app, "ranking-of-models")
    assert app.errors == []


def test_a_file_is_chosen_and_imported(app: Any, models: Any, tmp_path: Path) -> None:
    dataset, p = models
    path = tmp_path / "model.csv"
    with path.open("w", newline="") as file:
        rows = [[i, *row] for i, row in zip(dataset.values("id"), p.tolist(), strict=True)]
        csv.writer(file).writerows([["id", *CLASSES], *rows])
    app.open(dataset)
    form = form_of(app, "Label errors: import predictions")
    chooser = form.locator("button", has=app.page.get_by_test_id("FolderIcon"))
    expect(chooser).to_be_visible()
    shoot(app, "import-1")
    chooser.click()
    explorer = app.page.get_by_role("dialog").last
    folder = explorer.get_by_role("textbox").first
    folder.fill(str(tmp_path))
    folder.press("Enter")
    explorer.get_by_text("model.csv").click()
    app.page.get_by_role("button", name="Choose", exact=True).click()
    execute = app.page.get_by_role("button", name="Execute")
    expect(execute).to_be_enabled()
    shoot(app, "import-2")
    execute.click()
    expect(app.page.get_by_text("300 predictions in 'predictions'").first).to_be_visible(
        timeout=120_000
    )
    shoot(app, "import-3")
    dataset.reload()
    assert dataset.values("predictions.label") == [CLASSES[i] for i in p.argmax(1)]
    assert app.errors == []
