"""The queue of objects image by image, by the keyboard alone: every kind, undo, two windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from scripts import demo_objects
from scripts.demo_objects import FIELD, PREDICTIONS, objects_dataset
from tests.browser.label_errors_panel import (
    PRESS_MS,
    looked_at,
    panel,
    shoot,
    toggle_theme,
    undone,
    undone_late,
    violations,
)
from tests.browser.object_acts import (
    ACTS,
    DONE,
    changed,
    differing,
    expected,
    labels_of,
    press,
)

KEYS = {**ACTS, "class": ("a", "c"), "missing": ("a", "c", "r", "e")}
"""What is pressed on an object of each kind; other classes and removal come with their gates."""


@pytest.fixture
def crowded(
    request: pytest.FixtureRequest,
    dataset_name: str,
    tmp_path: Any,
    operator: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """Canvases with several errors each, 60 unless asked otherwise, and a run on their boxes."""
    monkeypatch.setattr(demo_objects, "SHARE", 0.08)
    images = getattr(request, "param", 60)
    dataset = objects_dataset(dataset_name, tmp_path, images=images, persistent=True)
    find = operator("find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS])
    yield dataset
    dataset.delete()


def in_front(content: Locator) -> tuple[str, str, str]:
    """The image and the object in front, and its kind, once a press is meant for it."""
    picture = looked_at(content)
    row, chosen = picture.get_attribute("data-row"), picture.get_attribute("data-chosen")
    kind = content.locator(".dcf-question").get_attribute("data-kind")
    assert row
    assert chosen
    assert kind
    return row, chosen, kind


def states(content: Locator) -> list[str | None]:
    return [one.get_attribute("data-state") for one in content.locator(".dcf-suspect").all()]


def to_image(content: Locator, least: int) -> str:
    """Go on to an image with so many suspects; its row."""
    for _ in range(40):
        row, _, _ = in_front(content)
        if content.locator(".dcf-suspect").count() >= least:
            return row
        content.page.wait_for_timeout(PRESS_MS)
        content.page.keyboard.press("Enter")
        expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", row)
    raise AssertionError(f"no image with {least} suspects")


def taken_back(
    content: Locator, row: str, chosen: str, dataset: Any, before: Any, late: bool = True
) -> None:
    """Take the last decision back, whatever image is in front: its object is chosen again."""
    back = undone_late if late else undone
    back(content, f'.dcf-queue-picture[data-row="{row}"][data-chosen="{chosen}"]')
    differing(before, dataset, 0)
    looked_at(content)


def goes_on(content: Locator, row: str, after: bool) -> None:
    """The image stays, with what is decided on it, until the last of its suspects is."""
    picture = content.locator(".dcf-queue-picture")
    if after:
        expect(picture).not_to_have_attribute("data-row", row)
    else:
        expect(content.locator('.dcf-suspect[data-state="decided"]').first).to_be_visible()
        assert picture.get_attribute("data-row") == row


def every_kind(content: Locator, dataset: Any) -> None:
    """One act on an object of each kind and its undo, wherever such a one is met."""
    before, seen = labels_of(dataset), set[str]()
    page = content.page
    for _ in range(80):
        row, chosen, kind = in_front(content)
        if kind not in seen:
            seen.add(kind)
            for key in KEYS[kind]:
                if key == "r" and content.locator(".dcf-question").inner_text().count("7"):
                    continue  # it may be added as that already
                several = content.locator('.dcf-suspect[data-state="open"]').count() > 1
                press(content, key)
                expect(content.locator(".dcf-outcome")).to_contain_text(DONE)
                goes_on(content, row, after=not several)
                expected(kind, key, changed(before, labels_of(dataset)))
                taken_back(content, row, chosen, dataset, before, late=key == "a")
        if seen == set(KEYS):
            return
        page.wait_for_timeout(PRESS_MS)
        page.keyboard.press("s")
        expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-chosen", chosen)
    raise AssertionError(f"only {seen}")


def test_image_by_image_by_the_keyboard(app: Any, crowded: Any) -> None:
    content = panel(app, crowded)
    page = app.page
    content.locator(".dcf-cell-open").first.focus()
    page.keyboard.press("q")
    looked_at(content)
    page.keyboard.press("i")
    every_kind(content, crowded)

    row = to_image(content, 3)
    count = content.locator(".dcf-suspect").count()
    shoot(app, "image-queue")
    assert violations(app) == []
    toggle_theme(app)
    expect(content.locator('[data-theme="light"]')).to_be_visible()
    shoot(app, "image-queue-light")
    assert violations(app) == []
    content.locator(".dcf").focus()

    another_class(content, crowded)
    # An outline that is being adjusted is saved or left before one goes on.
    page.wait_for_timeout(PRESS_MS)
    page.keyboard.press("e")
    going_on = content.get_by_role("button", name="Next image")
    expect(going_on).to_be_disabled()
    page.keyboard.press("Escape")
    expect(going_on).to_be_enabled()
    # A digit chooses; who presses too often removes nothing that was not looked at.
    before, at = labels_of(crowded), labelled(content)
    page.keyboard.press(str(at + 1))
    _, chosen, _ = in_front(content)
    suspect = content.locator(".dcf-suspect").nth(at)
    assert suspect.get_attribute("aria-current") == "true"
    label = content.locator(".dcf-queue-picture").get_attribute("data-label")
    assert label
    for _ in range(4):
        page.keyboard.press("x")
    expect(content.locator(".dcf-outcome")).to_contain_text("Removed 1 object.")
    expect(suspect).to_contain_text("removed")
    assert [state == "decided" for state in states(content)].index(True) == at
    page.keyboard.press(str(at + 1))
    looked_at(content)
    for key in ("c", "x", "r"):  # it is decided already
        page.wait_for_timeout(PRESS_MS)
        page.keyboard.press(key)
        expect(content.get_by_test_id("dropped")).to_contain_text("Decided already")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.wait_for_timeout(PRESS_MS)
    assert states(content).count("decided") == 1
    assert differing(before, crowded, 1) == {label: (before[label], None)}

    # Undo goes across images, to where the decision was.
    page.keyboard.press("Enter")
    expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", row)
    looked_at(content)
    taken_back(content, row, chosen, crowded, before)
    assert states(content) == ["open"] * count
    assert app.errors == []


def labelled(content: Locator) -> int:
    """The place of the first suspect of the image that has a label."""
    texts = content.locator(".dcf-suspect").all_inner_texts()
    return next(at for at, text in enumerate(texts) if "(no label)" not in text)


def another_class(content: Locator, dataset: Any) -> None:
    """Another class from the list: a held key types nothing, Enter twice stays on the image."""
    page, before, at = content.page, labels_of(dataset), labelled(content)
    page.keyboard.press(str(at + 1))
    row, chosen, _ = in_front(content)
    picture = content.locator(".dcf-queue-picture")
    label, text = picture.get_attribute("data-label"), content.locator(".dcf-question").inner_text()
    given = next(digit for digit in "0123456789" if digit not in text)
    assert label
    for _ in range(3):
        page.keyboard.down("r")
        expect(page.get_by_role("combobox", name="New label")).to_be_focused()
    page.keyboard.up("r")
    expect(page.get_by_role("combobox", name="New label")).to_have_value("")
    page.keyboard.type(given)
    for _ in range(2):
        page.keyboard.press("Enter")
    expect(content.get_by_test_id("dropped")).to_contain_text("Pressed twice")
    expect(content.locator(".dcf-suspect").nth(at)).to_contain_text("relabelled")
    assert picture.get_attribute("data-row") == row
    assert differing(before, dataset, 1) == {label: (before[label], (given, before[label][1]))}
    taken_back(content, row, chosen, dataset, before)


def test_what_others_change_meanwhile_is_reported_and_shown(new_window: Any, crowded: Any) -> None:
    """FiftyOne's own edit between seeing and deciding, and another window's decisions."""
    first, second = new_window(), new_window(width=900)
    windows = [panel(one, crowded) for one in (first, second)]
    rows = []
    for one, content in zip((first, second), windows, strict=True):
        content.locator(".dcf-cell-open").first.focus()
        one.page.keyboard.press("q")
        looked_at(content)
        one.page.keyboard.press("i")
        rows.append(to_image(content, 3))
    assert rows[0] == rows[1]
    here, there = windows
    _, chosen, _ = in_front(here)
    assert chosen == in_front(there)[1]

    at, sample, label = moved_elsewhere(crowded, here)
    first.page.keyboard.press("c")
    expect(here.locator(".dcf-outcome")).to_contain_text("another outline meanwhile")
    # It was not decided on, but is done: by whoever moved it.
    expect(here.locator('.dcf-suspect[data-state="decided"]')).to_have_count(1)
    expect(here.locator(".dcf-suspect").nth(at)).to_contain_text("changed elsewhere")
    crowded.reload()
    kept = next(d for d in crowded[sample][FIELD].detections if d.id == label)
    assert kept.bounding_box == [0.4, 0.4, 0.2, 0.2]

    other = 0 if at else 1
    second.page.keyboard.press(str(other + 1))
    in_front(there)
    second.page.wait_for_timeout(PRESS_MS)
    second.page.keyboard.press("c")
    for content in windows:
        expect(content.locator(".dcf-suspect").nth(other)).to_contain_text("confirmed")
        expect(content.locator('.dcf-suspect[data-state="decided"]')).to_have_count(2)
    assert here.locator(".dcf-queue-picture").get_attribute("data-row") == rows[0]
    assert [one.errors for one in (first, second)] == [[], []]


def moved_elsewhere(dataset: Any, content: Locator) -> tuple[int, str, str]:
    """Choose an object that has a label, and give it another box past the panel.

    Returns:
        its place on the image, and the ids of its sample and label
    """
    texts = content.locator(".dcf-suspect").all_inner_texts()
    at = next(i for i, text in enumerate(texts) if "(no label)" not in text)
    content.page.keyboard.press(str(at + 1))
    in_front(content)
    label = content.locator(".dcf-queue-picture").get_attribute("data-label")
    assert label
    sample = next(s for s in dataset if any(d.id == label for d in s[FIELD].detections))
    next(d for d in sample[FIELD].detections if d.id == label).bounding_box = [0.4, 0.4, 0.2, 0.2]
    sample.save()
    content.page.wait_for_timeout(PRESS_MS)
    return at, sample.id, label


@pytest.mark.parametrize("crowded", [12], indirect=True, ids=["few"])
def test_what_was_skipped_is_open_when_its_image_comes_again(app: Any, crowded: Any) -> None:
    content = panel(app, crowded)
    page = app.page
    suspect = content.locator(".dcf-cell:not(.dcf-cell-correct)")
    suspect.first.wait_for()
    counts = [int(text.split()[0]) for text in suspect.locator(".dcf-cell-text").all_inner_texts()]
    few = min(range(len(counts)), key=lambda at: (counts[at] < 2, counts[at]))
    suspect.nth(few).locator(".dcf-cell-open").click()
    page.keyboard.press("q")
    looked_at(content)
    page.keyboard.press("s")
    expect(content.get_by_text("1 skipped")).to_be_visible()
    looked_at(content)
    page.keyboard.press("i")  # what was skipped one by one stays so
    expect(content.get_by_text("1 skipped")).to_be_visible()
    skipped: list[str] = []
    while in_front(content)[0] not in skipped:
        row = in_front(content)[0]
        skipped.append(row)
        while (picture := content.locator(".dcf-queue-picture")).get_attribute("data-row") == row:
            page.wait_for_timeout(PRESS_MS)
            page.keyboard.press("s")
            if not content.locator('.dcf-suspect[data-state="open"]').count():
                break
        expect(picture).to_have_attribute("data-shown", "true")
    assert set(states(content)) == {"open"}
    assert app.errors == []
