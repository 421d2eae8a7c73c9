"""A second opinion in the real App: asked, answered blind, and settled."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from plugin.decisions.resolve import resolve
from plugin.opinions.answers import open_opinion
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    PRESS_MS,
    button,
    choose_option,
    planted_digits,
    shoot,
    shown,
    toggle_theme,
    violations,
)


def test_two_people_differ_and_it_is_settled(app: Any, dataset: Any) -> None:
    new, truth, _ = planted_digits(dataset, 60, share=0.1)
    run = load_run(new, "deconfuse")
    ids = new.values("id")
    resolve(run, "confirm", ids[:8], author="ada")
    now = dict(zip(*new.values(["id", "ground_truth.label"]), strict=True))
    app.open(new)
    content, keys = shown(app), app.page.keyboard
    keys.press("p")
    card = content.get_by_role("region", name="Second opinions")
    card.get_by_label("Who is asked").fill("bob")
    choose_option(card.get_by_role("combobox", name="How many decisions"), "all")
    button(card, "^Ask$").click()
    expect(card.get_by_text("0 of 8 judged")).to_be_visible()
    button(card, "^Answer 8$").click()
    picture = content.locator(".dcf-queue-picture")
    screen = content.get_by_role("region", name="Second opinion")
    expect(screen.get_by_role("status").first).to_have_text("0 of 8 judged")
    expect(picture.locator("img")).to_be_visible()
    shoot(app, "opinion")
    assert violations(app) == []
    # Blind: nothing but the picture and the classes.
    assert "abelled" not in screen.inner_text()
    assert "ada" not in screen.inner_text()

    items = open_opinion(run).items
    for judged in range(8):
        expect(picture).to_have_attribute("data-shown", "true")
        app.page.wait_for_timeout(PRESS_MS)
        place = int(str(picture.get_attribute("data-place")))
        label = now[str(items[place].sample_id)]
        if judged == 1:  # a slip, taken back
            keys.press(str((int(label) + 5) % 10))
            expect(screen.get_by_role("status").first).to_have_text("2 of 8 judged")
            app.page.wait_for_timeout(PRESS_MS)
            keys.press("u")
            expect(picture).to_have_attribute("data-place", str(place))
            expect(picture).to_have_attribute("data-shown", "true")
            app.page.wait_for_timeout(PRESS_MS)
        keys.press(label if judged > 1 else str((int(label) + 1) % 10))
        if judged < 7:
            expect(screen.get_by_role("status").first).to_have_text(f"{judged + 1} of 8 judged")
    button(content, "See the agreement").click()
    expect(card.get_by_text("6 of 8 alike", exact=False)).to_be_visible()
    expect(card.get_by_text("kappa 0.", exact=False)).to_be_visible()
    card.scroll_into_view_if_needed()
    for width in (1600, 1280, 650):
        if width == 1280:
            keys.press("f")
        app.page.set_viewport_size({"width": width, "height": 1000})
        shoot(app, f"opinions-{width}")
    assert violations(app) == []

    # What they differ on is settled by ordinary decisions.
    button(card, "^Settle 2$").click()
    listed = content.get_by_role("region", name="Disagreements")
    expect(listed.get_by_text("2 to settle of 2")).to_be_visible()
    shoot(app, "settle-650")
    app.page.set_viewport_size({"width": 1600, "height": 1000})
    keys.press("f")
    shoot(app, "settle")
    assert violations(app) == []
    toggle_theme(app)
    shoot(app, "settle-light")
    assert violations(app) == []
    first = listed.get_by_role("listitem").first
    right = first.get_by_role("button").nth(1)
    given = right.inner_text()
    right.click()
    expect(listed.get_by_text("1 to settle of 2")).to_be_visible()
    expect(listed.get_by_text(f"Settled: {given}")).to_be_visible()
    first.get_by_role("button").first.click()
    expect(listed.get_by_text("all settled of 2")).to_be_visible()
    button(content, "^Undo$").first.click()
    expect(listed.get_by_text("1 to settle of 2")).to_be_visible()
    new.reload()
    changed = {i for i, label in now.items() if new[i].ground_truth.label != label}
    assert len(changed) == 1
    keys.press("Escape")
    expect(card.get_by_text("kappa 0.", exact=False)).to_be_visible()
    shoot(app, "opinions-light")
    assert violations(app) == []
    assert truth
    assert app.errors == []
