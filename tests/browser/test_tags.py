"""Tags in the panel: adds, removes and undo by keys, as the database has them; the cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from plugin.object_opinions.answers import open_object_opinion
from plugin.objects.resolve import resolve
from plugin.objects.state import items_state
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    PRESS_MS,
    button,
    choose_option,
    held,
    looked_at,
    panel,
    shoot,
    violations,
)
from tests.tagged_digits import tagged_dataset

ACTS = {"missing": ("a", "c", "r"), "spurious": ("a", "c", "r", "x")}
DONE = re.compile("(Added|Removed|Relabelled|Confirmed) 1 tag")


@pytest.fixture
def tagged(dataset_name: str, tmp_path: Any, operator: Any) -> Iterator[Any]:
    """Pictures with tags, some of them wrong, and a run on them."""
    dataset, _ = tagged_dataset(dataset_name, tmp_path)
    dataset.persistent = True
    find = operator("find_label_errors")
    find(dataset, "gt", source="predictions", prediction_fields=["scores"])
    yield dataset
    dataset.delete()


def tags_of(dataset: Any) -> dict[str, str]:
    """The class of each tag by its id, as the database has them."""
    wanted = [f"gt.classifications.{name}" for name in ("id", "label")]
    return {
        i: label
        for image in zip(*dataset.values(wanted), strict=True)
        for i, label in zip(*image, strict=True)
    }


def changed(before: dict[str, str], after: dict[str, str]) -> dict[str, Any]:
    every = before.keys() | after.keys()
    return {i: (before.get(i), after.get(i)) for i in every if before.get(i) != after.get(i)}


def in_front(content: Locator) -> tuple[str, str]:
    """The kind and the row of the tag in question, once a press is meant for it."""
    row = looked_at(content).get_attribute("data-row")
    kind = content.locator(".dcf-question").get_attribute("data-kind")
    assert row is not None
    assert kind is not None
    return kind, row


def expected(kind: str, key: str, difference: dict[str, Any]) -> None:
    """What an act does to the tags."""
    if key == "c":
        assert difference == {}
        return
    ((before, after),) = difference.values()
    assert (before is None) == (kind == "missing")
    assert (after is None) == (kind == "spurious" and key in "ax")
    if key == "r":
        assert after == "elephant"


def test_tags_are_added_removed_and_brought_back_by_keys(app: Any, tagged: Any) -> None:
    content = panel(app, tagged)
    expect(content.get_by_role("rowheader").filter(has_text="(no label)")).to_be_visible()
    expect(content.locator(".dcf-cell-name.dcf-nothing").first).to_have_text("(nothing there)")
    shoot(app, "tag-overview")
    content.locator(".dcf-cell-open").first.focus()
    keyboard = content.page.keyboard
    keyboard.press("q")
    before, seen = tags_of(tagged), set[str]()
    for _ in range(40):
        kind, row = in_front(content)
        if kind not in seen:
            seen.add(kind)
            shoot(app, f"tag-{kind}")
            for key in ACTS[kind]:
                keyboard.press(key)
                if key == "r":
                    content.page.get_by_role("dialog", name="Relabel").wait_for()
                    keyboard.type("elephant")
                    content.page.get_by_role("button", name=re.compile("elephant")).click()
                expect(content.locator(".dcf-outcome")).to_contain_text(DONE)
                expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", row)
                expected(kind, key, changed(before, tags_of(tagged)))
                content.page.wait_for_timeout(PRESS_MS)
                keyboard.press("u")
                front = content.locator(f'.dcf-queue-picture[data-row="{row}"][data-shown]')
                expect(front).to_be_visible()
                assert changed(before, tags_of(tagged)) == {}
                in_front(content)
        if seen == set(ACTS):
            break
        content.page.wait_for_timeout(PRESS_MS)
        keyboard.press("s")
        expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", row)
    assert seen == set(ACTS)
    expect(content.get_by_role("button", name="Adjust")).to_have_count(0)

    keyboard.press("o")
    missing = content.locator('[data-cell^="10-"]:not([data-cell="10-10"])').first
    missing.click()
    tiles = content.locator(".dcf-grid .dcf-tile")
    expect(tiles.first).to_be_visible()
    tiles.first.click()
    expect(content.locator(".dcf-actions[data-shown]")).to_be_visible()
    expect(content.locator(".dcf-object-picture img").first).to_be_visible()
    shoot(app, "tag-cell")
    assert violations(app) == []
    keyboard.press("e")
    expect(content.locator(".dcf-chosen")).to_contain_text("tag")
    count = tiles.count()
    keyboard.press("a")
    expect(content.locator(".dcf-outcome")).to_contain_text(f"Added {count} tag")
    assert len(changed(before, tags_of(tagged))) == count
    content.page.wait_for_timeout(PRESS_MS)
    keyboard.press("u")
    expect(content.locator(".dcf-outcome")).to_contain_text("Undone")
    assert changed(before, tags_of(tagged)) == {}
    keyboard.press("w")
    expect(tiles.first).to_be_visible()
    shoot(app, "tag-ranking")
    keyboard.press("p")
    state = items_state(load_run(tagged, "deconfuse")).counts()
    left = content.get_by_test_id("left")
    expect(left).to_have_text(f"{state['to_review']} of {state['to_review']}")
    expect(content.get_by_text("may be missing")).to_be_visible()
    shoot(app, "tag-progress")
    assert violations(app) == []
    assert app.errors == []


def test_whether_tags_apply_is_asked_blind_and_settled(app: Any, tagged: Any) -> None:
    run, before = load_run(tagged, "deconfuse"), tags_of(tagged)
    first, second = list(before)[:2]
    resolve(run, "confirm", [first], author="ada")
    resolve(run, "remove", [second], author="ada")
    content, keys = panel(app, tagged), app.page.keyboard
    keys.press("p")
    card = content.get_by_role("region", name="Second opinions")
    card.get_by_label("Who is asked").fill("bob")
    choose_option(card.get_by_role("combobox", name="How many decisions"), "all")
    button(card, "^Ask$").click()
    button(card, "^Answer 2$").click()
    screen = content.get_by_role("region", name="Second opinion")
    picture = screen.locator(".dcf-queue-picture")
    items = open_object_opinion(run).items
    place = ""
    for judged in range(2):
        expect(picture).not_to_have_attribute("data-place", place)
        looked_at(content)
        place = str(picture.get_attribute("data-place"))
        item = items[int(place)]
        expect(screen.get_by_test_id("asked")).to_have_text(
            f"Does “{item.tag}” apply to this image?"
        )
        if not judged:
            shoot(app, "opinion-tags")
            assert violations(app) == []
            assert "ada" not in screen.inner_text()
        app.page.wait_for_timeout(PRESS_MS)
        with held(app.page, "opinion_answer"):
            keys.press("n" if str(item.unit_id) == first else "1")  # differs from both
            if judged:  # whoever leaves before the last answer is kept sees it counted as well
                button(content, "See the agreement").click()
                expect(card.get_by_text("1 of 2 judged", exact=False)).to_be_visible()
        if not judged:
            expect(screen.get_by_role("status").first).to_have_text("1 of 2 judged")
    expect(card.get_by_text("0 of 2 alike", exact=False)).to_be_visible()
    button(card, "^Settle 2$").click()
    listed = content.get_by_role("region", name="Disagreements")
    expect(listed.get_by_text("2 to settle of 2")).to_be_visible()
    shoot(app, "opinion-tags-settle")
    assert violations(app) == []
    button(listed.get_by_role("listitem").filter(has_text="No label"), before[second]).click()
    expect(listed.get_by_text("1 to settle of 2")).to_be_visible()
    assert tags_of(tagged) == before
    app.page.wait_for_timeout(PRESS_MS)
    button(listed.get_by_role("listitem").filter(has_text="Labelled"), "nothing there").click()
    expect(listed.get_by_text("all settled of 2")).to_be_visible()
    assert changed(before, tags_of(tagged)) == {first: (before[first], None)}
    assert app.errors == []


def test_what_people_agree_on_is_accepted_in_bulk(app: Any, tagged: Any, operator: Any) -> None:
    tags = tags_of(tagged)
    asked = operator("request_second_opinion")
    for who in ("bob", "eve"):
        asked(tagged, who, label_ids=list(tags)[:40])
        said = list(tags.items())[:40]
        asked(
            tagged,
            answers={i: "(nothing there)" if at < 10 else t for at, (i, t) in enumerate(said)},
        )
    operator("find_label_errors")(
        tagged, "gt", source="predictions", prediction_fields=["scores"], journal_votes=True
    )
    content, keys = panel(app, tagged), app.page.keyboard
    keys.press("p")
    consensus = content.get_by_role("region", name="Consensus of votes and model")
    differing = consensus.get_by_test_id("consensus-samples")
    expect(differing).to_have_text(re.compile(r"^\d+ open tags$"))
    many, before = str(differing.inner_text()).split()[0], tags_of(tagged)
    button(consensus, "^Check some").click()
    dialog = app.page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("^Draw")).click()
    expect(dialog.get_by_role("button", name=re.compile("is an exception")).first).to_be_visible()
    shoot(app, "consensus-tags-check")
    assert violations(app) == []
    dialog.get_by_role("button", name="No exception").click()
    dialog.get_by_role("button", name=re.compile("Change .* tags?")).click()
    expect(consensus.get_by_test_id("consensus-done")).to_contain_text(f"{many} tags changed")
    expect(differing).to_have_text("0 open tags")
    assert tags_of(tagged) != before
    button(consensus, "^Undo all$").click()
    expect(differing).to_have_text(f"{many} open tags")
    assert tags_of(tagged) == before
    assert app.errors == []
