"""A cell in FiftyOne's grid and the way back, the report as a download, and what a form asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.label_errors_panel import cell, largest, panel, shoot, truth
from tests.browser.operator_forms import form_of


def test_a_cell_is_shown_within_the_view_and_taken_off_again(
    app: Any, digits_run: tuple[Any, Any]
) -> None:
    dataset, p = digits_run
    content = panel(app, dataset)
    pair = largest(truth(dataset, p))
    held = truth(dataset, p)[pair]
    counts = app.by("entry-counts").first
    expect(counts).to_contain_text("400")
    cell(content, pair).locator("xpath=..").locator(".dcf-cell-show").click()
    expect(counts).to_contain_text(str(held))
    shoot(app, "shown-in-grid")
    content.get_by_role("button", name="Back to the view before").click()
    expect(counts).to_contain_text("400")
    expect(content.get_by_role("button", name="Back to the view before")).to_have_count(0)
    assert app.errors == []


def test_the_report_is_downloaded(app: Any, digits_run: tuple[Any, Any], tmp_path: Path) -> None:
    dataset, _ = digits_run
    content = panel(app, dataset)
    content.get_by_role("button", name="Progress").click()
    with app.page.expect_download() as found:
        content.get_by_role("button", name="Export a report").click()
    assert found.value.suggested_filename == f"label-report-{dataset.name}-deconfuse.html"
    found.value.save_as(tmp_path / "panel.html")
    assert (tmp_path / "panel.html").read_text().startswith("<!doctype html>")
    shoot(app, "progress-buttons")


def test_the_report_s_form_offers_a_name(
    app: Any, digits_run: tuple[Any, Any], tmp_path: Path
) -> None:
    dataset, _ = digits_run
    app.open(dataset)
    form = form_of(app, "Export a label error report")
    expect(form.get_by_role("textbox")).to_have_value(f"label-report-{dataset.name}-deconfuse.html")
    shoot(app, "report-form")
    with app.page.expect_download() as found:
        form.get_by_role("button", name="Download").click()
    found.value.save_as(tmp_path / "form.html")
    assert "What was fixed" in (tmp_path / "form.html").read_text()


def test_the_form_asks_two_things_and_says_nothing_is_required(
    app: Any, digits_run: tuple[Any, Any]
) -> None:
    dataset, _ = digits_run
    app.open(dataset)
    form = form_of(app, "Find label errors")
    expect(form.get_by_text("Predictions come from")).to_be_visible()
    expect(form.get_by_text("Makes iteration 2 of the run deconfuse")).to_be_visible()
    expect(form.get_by_role("combobox")).to_have_count(1)
    shoot(app, "find-form")
    form.get_by_text("Embeddings with cheap heads").click()
    expect(form.get_by_text("Choose where the embeddings come from.").first).to_be_visible()
    expect(form.get_by_role("button", name="Execute")).to_be_disabled()
    expect(form.get_by_text("Required")).to_have_count(0)
    shoot(app, "find-form-embeddings")
