"""The App starts with the plugin in it and shows a dataset."""

from typing import Any

from playwright.sync_api import expect


def test_the_app_shows_a_dataset(app: Any, dataset: Any) -> None:
    page = app.open(dataset(n=30, scale=4))
    expect(page.get_by_text("30 samples")).to_be_visible()
    assert app.errors == []
