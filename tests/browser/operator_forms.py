"""What the browser tests do with the forms of operators: open one, fill it in."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.window import CLOSED_BY_ESCAPE, NOTHING_OPEN


def form_of(app: Any, label: str) -> Locator:
    """The form of an operator, opened from FiftyOne's browser of operators.

    By its key: the button is out of reach where a panel beside the grid leaves little room. The App
    ignores the key until the form before is gone, which is after its operator's message is there.
    """
    app.page.wait_for_function(NOTHING_OPEN, arg=CLOSED_BY_ESCAPE)
    app.page.keyboard.press("`")
    app.by("operators-browser").get_by_role("textbox").fill(label)
    app.by("operators-browser").get_by_text(label, exact=True).click()
    form = app.page.get_by_role("dialog").last
    expect(form).to_be_visible()
    return form


def box(form: Locator, label: str) -> Locator:
    """The text box below a label of a form."""
    return form.locator(f"xpath=.//*[text()='{label}']/following::input[1]")


def pick(app: Any, choice: Locator, option: str) -> None:
    """Choose one of the options of a box."""
    choice.click()
    choice.fill(option)
    app.page.get_by_role("option", name=option, exact=True).click()
