"""The queue of objects by the keyboard alone: every act on each kind and its undo, then many."""

from __future__ import annotations

import os
import time
from itertools import cycle
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from plugin.decisions import journal
from plugin.objects.items import items_of
from plugin.objects.iteration import object_iteration
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from scripts.demo_objects import FIELD
from tests.browser.label_errors_panel import (
    AT_ONCE,
    PRESS_MS,
    SETTLE_MS,
    looked_at,
    panel,
    shoot,
    undone,
    undone_late,
)
from tests.browser.object_acts import ACTS, DONE, changed, differing, expected, labels_of, press

MANY = int(os.environ.get("DECONFUSE_MANY_OBJECTS", "30"))
"""Each takes a second: by night there are more."""
WRITTEN_S = 30
MEANT = {"c": "confirm", "r": "relabel", "1": "relabel", "x": "remove", "e": "move"}


def ready(content: Locator) -> tuple[str, str]:
    """The kind and the row of the object in front, once a press is meant for it."""
    picture = looked_at(content)
    row = picture.get_attribute("data-row")
    kind = content.locator(".dcf-question").get_attribute("data-kind")
    assert row is not None
    assert kind is not None
    return kind, row


def edited_in_fiftyone(app: Any, content: Locator, dataset: Any) -> None:
    """What is edited while FiftyOne annotates is done; keys pressed there decide on nothing."""
    kind, row = ready(content)
    while kind == "missing":
        content.page.wait_for_timeout(PRESS_MS)
        content.page.keyboard.press("s")
        expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", row)
        kind, row = ready(content)
    iteration = object_iteration(load_run(dataset, "deconfuse"))
    label, owner = (
        unpack_ids(iteration.column(name)[int(row) : int(row) + 1])[0]
        for name in ("item_id", "sample_id")
    )
    before = labels_of(dataset)
    content.page.wait_for_timeout(PRESS_MS)
    content.page.keyboard.press("g")
    expect(app.by("modal")).to_be_visible()
    expect(app.by("annotate").first).to_be_visible()
    for key in ("c", "a", "x"):
        content.page.keyboard.press(key)
        content.page.wait_for_timeout(PRESS_MS)
    assert changed(before, labels_of(dataset)) == {}
    sample = dataset[owner]
    sample.reload()
    next(d for d in sample[FIELD].detections if d.id == label).label = "elsewhere"
    sample.save()
    content.page.keyboard.press("Escape")
    expect(app.by("modal")).to_have_count(0)
    expect(content.get_by_text("1 done elsewhere")).to_be_visible()
    expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", row)
    expect(content.locator(".dcf-banner")).to_contain_text("1 label changed outside")
    assert differing(before, dataset, 1).keys() == {label}


@pytest.mark.slow
def test_every_act_by_the_keyboard_and_its_undo_then_many(app: Any, objects: Any) -> None:
    content = panel(app, objects)
    content.locator(".dcf-cell-open").first.focus()
    content.page.keyboard.press("q")
    before = labels_of(objects)
    seen: set[str] = set()
    for _ in range(80):
        kind, row = ready(content)
        if kind not in seen:
            seen.add(kind)
            shoot(app, f"object-{kind}")
            for at, key in enumerate(ACTS[kind]):
                if key == "r" and content.locator(".dcf-question").inner_text().count("7"):
                    continue  # it has or may get that class already
                press(content, key)
                expect(content.locator(".dcf-outcome")).to_contain_text(DONE)
                expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", row)
                expected(kind, key, changed(before, labels_of(objects)))
                back = undone if at else undone_late
                back(content, f'.dcf-queue-picture[data-row="{row}"]')
                differing(before, objects, 0)
                ready(content)
        if seen == set(ACTS):
            break
        content.page.wait_for_timeout(PRESS_MS)
        content.page.keyboard.press("s")
        expect(content.locator(".dcf-queue-picture")).not_to_have_attribute("data-row", row)
    assert seen == set(ACTS)
    edited_in_fiftyone(app, content, objects)
    many(content, objects)
    assert app.errors == []


def many(content: Locator, dataset: Any) -> None:
    """Go through many objects of every kind: each act is on what was in front, and on nothing else.

    Every other object gets keys at once after its own, which come before the next one is drawn.
    """
    page, run = content.page, load_run(dataset, "deconfuse")
    before, last = labels_of(dataset), journal.applied_headers(run)[-1]["seq"]
    turns = {kind: cycle(keys) for kind, keys in ACTS.items()}
    acted: dict[int, tuple[str, str]] = {}
    given: dict[int, str] = {}
    for number in range(MANY):
        page.wait_for_timeout(PRESS_MS - SETTLE_MS)
        kind, row = ready(content)
        key = next(turns[kind])
        others = content.locator(".dcf-p-pick .dcf-p-name")
        if key == "r" and "7" in content.locator(".dcf-question").inner_text():
            key = "c"
        if key == "1" and not others.count():
            key = "x"
        if key == "1":
            given[int(row)] = others.first.inner_text()
        acted[int(row)] = (kind, key)
        if key in "re" or number % 2:
            press(content, key)
        else:
            page.evaluate(AT_ONCE, [key, "x", key, "c", "s"])
        content.locator(f'.dcf-queue-picture:not([data-row="{row}"])').wait_for()
    assert len(acted) == MANY
    assert {kind for kind, _ in acted.values()} == set(ACTS)
    as_was_meant(dataset, before, last, acted, given)


def as_was_meant(
    dataset: Any,
    before: Any,
    last: int,
    acted: dict[int, tuple[str, str]],
    given: dict[int, str],
) -> None:
    """What the journal and the labels hold after acts, none of which was another's.

    Args:
        dataset: with the run
        before: its labels before the acts
        last: the last decision before them
        acted: kind and key by row
        given: the class that ``1`` gave, by row
    """
    run = load_run(dataset, "deconfuse")
    items = items_of(object_iteration(run).document)
    ids = dict(zip(acted, unpack_ids(items.column("item_id")[list(acted)]), strict=True))
    until = time.monotonic() + WRITTEN_S
    while len(made := journal.applied_headers(run, last)) < MANY and time.monotonic() < until:
        time.sleep(0.1)
    written = [
        (h["action"], [str(e["item_id"]) for e in journal.entries_of(h["_id"])]) for h in made
    ]
    meant = [(action_of(*act), [ids[row]]) for row, act in acted.items()]
    assert sorted(written) == sorted(meant)
    difference = changed(before, labels_of(dataset))
    assert set(difference) == {ids[row] for row, (_, key) in acted.items() if key != "c"}
    for row, (kind, key) in acted.items():
        if key == "c":
            continue
        change = difference[ids[row]]
        expected(kind, key, {ids[row]: change})
        if key == "1":
            assert change[1][0] == given[row]
        elif key == "a" and kind != "spurious":
            label, box = change[1]
            assert label == items.seen_class_of(row)
            if kind != "class":
                assert box == pytest.approx(items.seen_box_of(row), abs=1e-3)
    missing = dataset.values("deconfuse_missing.detections.id", unwind=True)
    assert not {ids[row] for row, (kind, _) in acted.items() if kind == "missing"} & set(missing)


def action_of(kind: str, key: str) -> str:
    """The decision that a key makes on an object of a kind."""
    if kind == "missing" and key != "c":
        return "add"
    does = {"missing": "add", "spurious": "remove", "class": "relabel", "placement": "move"}
    return does[kind] if key == "a" else MEANT[key]
