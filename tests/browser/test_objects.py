"""Objects in the panel: overview, cell and ranking, two labels on one object, blind audits."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from plugin.object_opinions.answers import open_object_opinion
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    PRESS_MS,
    button,
    covered_captions,
    looked_at,
    panel,
    shoot,
    violations,
)
from tests.browser.object_acts import changed, differing, labels_of


def selected_by_server(page: Page, told: Request) -> None:
    """FiftyOne's server has its windows select what one of them had told it to select."""
    body = json.loads(told.post_data or "")
    body["variables"]["subscription"] = "another-window"
    assert page.request.post(told.url, data=body).ok


def in_step(app: Any, content: Locator) -> None:
    """What is selected in the cell is selected in FiftyOne, as a label or as a patch, and back."""
    tiles = content.locator(".dcf-grid .dcf-tile")
    pressed = content.locator('.dcf-grid .dcf-tile[aria-pressed="true"]')
    selected, count = app.by("action-manage-selected"), tiles.count()
    expect(selected).to_have_count(0)  # what was decided on is not selected any more
    tiles.first.click()
    expect(pressed).to_have_count(1)
    expect(selected.first).to_be_visible()
    content.page.keyboard.press("Escape")
    expect(pressed).to_have_count(0)
    expect(selected).to_have_count(0)
    button(content, "^Show in grid$").click()
    expect(app.by("entry-counts").first).to_contain_text(f"{count} patch")
    expect(app.by("looker")).to_have_count(count)
    patch = app.by("looker").first
    patch.hover()
    patch.locator('[data-cy^="looker-checkbox-"]').first.click()
    expect(tiles.first).to_have_attribute("aria-pressed", "true")
    tiles.first.click(modifiers=["Control"])
    expect(pressed).to_have_count(0)
    expect(selected).to_have_count(0)
    button(content, "^Back to the view before$").click()
    expect(app.by("entry-counts").first).to_contain_text("60 samples")
    tiles.first.focus()


def test_overview_cell_and_ranking_of_objects(app: Any, objects: Any) -> None:
    content = panel(app, objects)
    expect(content.get_by_role("rowheader").filter(has_text="(no label)")).to_be_visible()
    expect(content.locator(".dcf-cell-name.dcf-nothing").first).to_have_text("(nothing there)")
    for hidden in ("Map",):
        expect(content.get_by_role("button", name=hidden, exact=True)).to_have_count(0)
    assert violations(app) == []
    missing = content.locator('[data-cell^="10-"]:not([data-cell="10-10"])').first
    missing.click()
    tiles = content.locator(".dcf-grid .dcf-tile")
    expect(tiles.first).to_be_visible()
    with app.page.expect_request(lambda r: "setSelectedLabels" in (r.post_data or "")) as told:
        tiles.first.click()
    expect(content.locator(".dcf-actions[data-shown]")).to_be_visible()
    expect(content.locator(".dcf-object-picture img").first).to_be_visible()
    shoot(app, "object-cell")
    assert covered_captions(app) == []
    assert violations(app) == []
    before, count = labels_of(objects), tiles.count()
    content.page.keyboard.press("a")
    expect(content.locator(".dcf-outcome")).to_contain_text("Added 1 object.")
    ((_, added),) = differing(before, objects, 1).values()
    expect(tiles).to_have_count(count - 1)
    content.page.wait_for_timeout(PRESS_MS)
    content.page.keyboard.press("u")
    expect(tiles).to_have_count(count)
    differing(before, objects, 0)
    assert added is not None
    selected_by_server(
        app.page, told.value
    )  # as it does where it has not heard of what was decided
    app.page.wait_for_timeout(500)
    in_step(app, content)

    one_of_two_labels(app, content, objects)
    content.page.keyboard.press("m")
    expect(content.get_by_role("status").filter(has_text="no map of objects")).to_be_visible()
    content.page.keyboard.press("w")
    expect(tiles.first).to_be_visible()
    tiles.first.click()
    expect(content.locator(".dcf-question")).to_be_visible()
    content.page.keyboard.press("v")
    expect(content.locator(".dcf-queue-picture[data-shown]")).to_be_visible()
    row = content.locator(".dcf-queue-picture").get_attribute("data-row")
    expect(content.locator('[data-box="other"]').first).to_be_visible()
    content.page.keyboard.press("h")
    expect(content.locator('[data-box="other"]')).to_have_count(0)
    whole = content.get_by_role("button", name=re.compile("^Whole:"))
    pressed = whole.get_attribute("aria-pressed")
    content.page.keyboard.press("v")
    expect(whole).to_have_attribute("aria-pressed", "false" if pressed == "true" else "true")
    assert content.locator(".dcf-queue-picture").get_attribute("data-row") == row
    assert app.errors == []


def one_of_two_labels(app: Any, content: Locator, objects: Any) -> None:
    """On the open page: labels of one object, one kept and both kept, by keys, and their undo."""
    keyboard, before = content.page.keyboard, labels_of(objects)
    keyboard.press("n")
    groups, drawn = content.locator(".dcf-group"), content.locator(".dcf-actions[data-shown]")
    expect(groups).to_have_count(2)
    expect(content.locator(".dcf-badge-conflict").first).to_be_visible()
    expect(drawn).to_be_visible()
    shoot(app, "object-doubles")
    assert violations(app) == []
    content.page.wait_for_timeout(PRESS_MS)
    keyboard.press("2")
    kept = content.get_by_role("radio", checked=True)
    expect(kept.locator("kbd")).to_have_text("2")
    keyboard.press("k")
    expect(groups).to_have_count(1)
    ((was, left),) = differing(before, objects, 1).values()
    assert was is not None
    assert left is None
    expect(drawn).to_be_visible()
    content.page.wait_for_timeout(PRESS_MS)
    keyboard.press("a")
    expect(content.get_by_role("heading", name="No group left")).to_be_visible()
    differing(before, objects, 1)
    for left_over in (1, 2):
        content.page.wait_for_timeout(PRESS_MS)
        keyboard.press("u")
        expect(groups).to_have_count(left_over)
    differing(before, objects, 0)


def test_an_audit_is_judged_blind_by_the_keyboard(app: Any, objects: Any, operator: Any) -> None:
    from plugin.audit.object_audits import open_object_audit
    from plugin.store.iterations import unpack_ids
    from plugin.store.runs import load_run

    operator("estimate_remaining")(objects, audit_size=24, audit_images=2, seed=5)
    audit = open_object_audit(load_run(objects, "deconfuse"))
    assert audit is not None
    ids, before = unpack_ids(audit.record.item_id), labels_of(objects)
    content = panel(app, objects)
    keyboard = content.page.keyboard
    keyboard.press("p")
    content.get_by_role("button", name="Judge 26 places").wait_for()
    content.get_by_role("button", name="Judge 26 places").press("Enter")
    status = content.get_by_role("region", name="Audit").get_by_role("status").first
    expect(status).to_have_text("0 of 26 judged · outlines")
    assert violations(app) == []

    def front() -> int:
        return int(str(looked_at(content).get_attribute("data-place")))

    def done(judged: int, part: str = "outlines") -> None:
        expect(status).to_have_text(f"{judged} of 26 judged · {part}")
        content.page.wait_for_timeout(PRESS_MS)

    # Nothing but the outline: white, whatever it is of, and no class on the other labels.
    expect(content.locator('[data-box="asked"]')).to_have_count(1)
    assert content.locator(".dcf-box-label, .dcf-box-prediction, .dcf-box-name").count() == 0
    side = content.get_by_role("complementary", name="Verdict").inner_text()
    assert "abelled" not in side
    shoot(app, "object-audit")

    left = {"nothing": 1, "outline": 1}
    removed: set[str] = set()
    moved: dict[str, str] = {}
    for judged in range(24):
        place = front()
        item = ids[place]
        if item not in before:
            keyboard.press("n")
        elif left["nothing"]:
            left["nothing"] = 0
            keyboard.press("n")
            done(judged + 1)
            keyboard.press("u")
            done(judged)
            differing(before, objects, 0)
            expect(content.locator(f'.dcf-queue-picture[data-place="{place}"]')).to_be_visible()
            front()
            keyboard.press("n")
            removed.add(item)
        elif left["outline"]:
            left["outline"] = 0
            keyboard.press("e")
            expect(content.locator(".dcf-adjust")).to_be_focused()
            for _ in range(4):
                keyboard.press("ArrowRight")
            keyboard.press("Enter")
            expect(content.get_by_test_id("asked")).to_have_text("What is in your outline?")
            content.page.wait_for_timeout(PRESS_MS)
            moved[item] = str((int(before[item][0]) + 1) % 10)
            keyboard.press(moved[item])
        else:
            keyboard.press(before[item][0])
        done(judged + 1, "outlines" if judged < 23 else "whole images")
    difference = changed(before, labels_of(objects))
    assert set(difference) == removed | set(moved)
    for item, name in moved.items():
        assert difference[item][1][0] == name
        assert difference[item][1][1][0] > before[item][1][0]

    front()
    expect(content.get_by_test_id("asked")).to_have_text("Is anything missing in this image?")
    for again in (False, True):
        keyboard.press("a")
        expect(content.locator(".dcf-adjust")).to_be_focused()
        for _ in range(3):
            keyboard.press("ArrowUp")
        keyboard.press("Enter")
        content.page.wait_for_timeout(PRESS_MS)
        keyboard.press("7")
        expect(content.get_by_test_id("asked")).to_have_text("Is anything else missing?")
        shoot(app, "object-audit-whole")
        assert violations(app) == []
        if not again:
            content.page.wait_for_timeout(PRESS_MS)
            keyboard.press("u")
            expect(content.get_by_test_id("asked")).to_have_text(
                "Is anything missing in this image?"
            )
            content.page.wait_for_timeout(PRESS_MS)
    keyboard.press("n")
    done(25, "whole images")
    front()
    keyboard.press("n")
    content.get_by_role("button", name="See the estimate").press("Enter")
    table = content.get_by_role("region", name="Errors left by kind")
    expect(table.get_by_role("row")).to_have_count(6)
    expect(table).to_contain_text("looked for in 60 images")
    expect(content.get_by_test_id("left")).to_contain_text(re.compile(r"about \d+ wrong labels"))
    shoot(app, "object-progress")
    assert violations(app) == []
    (added,) = labels_of(objects).keys() - before.keys()
    assert labels_of(objects)[added][0] == "7"
    put_to_another_person(app, content, objects)
    assert app.errors == []


def put_to_another_person(app: Any, content: Locator, objects: Any) -> None:
    """On the open progress: the audit's verdicts judged again, blind, by bob, and settled."""
    keyboard, before = content.page.keyboard, labels_of(objects)
    card = content.get_by_role("region", name="Second opinions")
    card.get_by_label("Who is asked").fill("bob")
    button(card, "^Ask$").click()
    button(card, "^Answer ").click()
    screen = content.get_by_role("region", name="Second opinion")
    status = screen.get_by_role("status").first
    items = open_object_opinion(load_run(objects, "deconfuse")).items
    expect(status).to_have_text(f"0 of {len(items)} judged")
    said: list[int] = []
    for judged in range(3):
        picture = looked_at(content)
        expect(content.locator('[data-box="asked"]')).to_have_count(1)
        place = int(str(picture.get_attribute("data-place")))
        if not judged:
            assert content.locator(".dcf-box-label, .dcf-box-name").count() == 0
            assert "abelled" not in screen.inner_text()
            expect(button(content, "Outline is wrong")).to_have_count(0)
            shoot(app, "object-opinion")
            assert violations(app) == []
        if judged == 1:  # a slip, taken back
            keyboard.press("x")
            expect(status).to_have_text(f"2 of {len(items)} judged")
            content.page.wait_for_timeout(PRESS_MS)
            keyboard.press("u")
            expect(content.locator(".dcf-queue-picture")).to_have_attribute(
                "data-place", str(place)
            )
            looked_at(content)
            content.page.wait_for_timeout(PRESS_MS)
        keyboard.press("n" if items[place].first else "1")
        expect(status).to_have_text(f"{judged + 1} of {len(items)} judged")
        said.append(place)
        content.page.wait_for_timeout(PRESS_MS)
    differing(before, objects, 0)
    keyboard.press("Escape")
    expect(card.get_by_text("0 of 3 alike", exact=False)).to_be_visible()
    shoot(app, "object-opinions")
    button(card, "^Settle 3$").click()
    listed = content.get_by_role("region", name="Disagreements")
    expect(listed.locator("img")).to_have_count(3)
    expect(listed.get_by_text("(nothing there)").first).to_be_visible()
    for width in (1600, 650):
        app.page.set_viewport_size({"width": width, "height": 1000})
        shoot(app, f"object-settle-{width}")
    assert violations(app) == []
    app.page.set_viewport_size({"width": 1600, "height": 1000})
    # What bob said of the first is right: it is removed, or added, and Undo takes that back.
    listed.get_by_role("listitem").first.get_by_role("button").nth(1).click()
    expect(listed.get_by_text("2 to settle of 3")).to_be_visible()
    differing(before, objects, 1)
    button(content, "^Undo$").first.click()
    expect(listed.get_by_text("3 to settle of 3")).to_be_visible()
    differing(before, objects, 0)
    keyboard.press("Escape")
    expect(card).to_be_visible()
