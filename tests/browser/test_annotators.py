"""Annotators in the real App: the table, what one confuses, the filter on every screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from scripts.demo_objects import FIELD, objects_dataset
from tests.browser.label_errors_panel import (
    button,
    choose_option,
    looked_at,
    overview,
    planted_digits,
    shoot,
    shown,
    toggle_theme,
    violations,
)

N, PEOPLE = 300, 500
DRAWERS = {"ann": 0.97, "ben": 0.95, "cid": 0.7}
"""Who drew boxes, with the share of objects whose class they get right."""


@pytest.fixture
def voted(dataset: Callable[..., Any], operator: Any) -> Any:
    """Digits that 500 people voted on: one in two thirds of all, badly, the others now and then."""
    new, truth, p = planted_digits(dataset, N, share=0.1)
    g = np.random.default_rng(1)
    for at, sample in enumerate(new.iter_samples(autosave=True)):
        digit = int(truth[sample.id])
        said = [("eve", (digit + int(g.random() < 0.4)) % 10)] if at % 3 else []
        for who in g.choice(PEOPLE - 1, 8, replace=False):
            said.append((f"person {who:03d}", digit if g.random() < 0.9 else int(g.integers(10))))
        sample["crowd"] = fo.Classifications(
            classifications=[fo.Classification(label=str(c), annotator=who) for who, c in said]
        )
        sample["model"] = fo.Classification(label=str(p[at].argmax()), logits=np.log(p[at]))
    new.classes["model"] = [str(digit) for digit in range(10)]
    new.save()
    operator("delete_run")(new, "deconfuse")
    operator("find_label_errors")(
        new,
        "ground_truth",
        source="predictions",
        prediction_fields=["model"],
        vote_fields=["crowd"],
        duplicates=False,
    )
    return new, truth


@pytest.fixture
def drawn(dataset_name: str, tmp_path: Path, operator: Any) -> Iterator[Any]:
    """Canvases on whose digits three people drew boxes, one of them badly, and a run on these."""
    dataset = objects_dataset(dataset_name, tmp_path, images=40)
    g = np.random.default_rng(2)
    for at, sample in enumerate(dataset.iter_samples(autosave=True)):
        digits = [one for one in sample[FIELD].detections if one.planted != "spurious"]
        for who, right in DRAWERS.items():
            if who == "cid" and at % 4 == 0:
                continue
            sample[who] = fo.Detections(
                detections=[
                    fo.Detection(
                        label=one.truth if g.random() < right else str((int(one.truth) + 1) % 10),
                        bounding_box=(np.array(one.bounding_box) + g.normal(0, 0.004, 4)).tolist(),
                    )
                    for one in digits
                ]
            )
        if at in range(1, 12, 2):  # a digit that everybody drew has no label
            drawn_by_all = next(one for one in digits if not one.planted)
            sample[FIELD].detections.remove(drawn_by_all)
    operator("find_label_errors")(dataset, FIELD, vote_fields=list(DRAWERS))
    yield dataset
    dataset.delete()


def counted(text: Locator) -> int:
    found = re.search(r"[\d,]+", text.inner_text())
    assert found
    return int(found[0].replace(",", ""))


def test_what_an_annotator_confuses_is_reviewed(app: Any, voted: Any, drawn: Any) -> None:
    dataset, _ = voted
    app.open(dataset)
    content, keys = shown(app), app.page.keyboard
    keys.press("p")
    card = content.get_by_role("region", name="Annotators")
    expect(card.get_by_text(re.compile(r"^4\d\d annotators"))).to_be_visible()
    # Not all rows of so many are drawn, and every one can be reached by the keyboard.
    rows = card.locator("[data-annotator]")
    assert rows.count() < 60
    expect(rows.first).to_have_text("ground_truth (the label)")  # the most votes
    expect(rows.nth(1)).to_have_text("eve")
    rows.first.focus()
    keys.press("ArrowDown")
    expect(card.locator('[data-annotator="1"]')).to_be_focused()
    for _ in range(12):
        keys.press("PageDown")
    expect(card.locator('[data-annotator="97"]')).to_be_focused()
    button(card, "^Accuracy").click()
    expect(card.locator("th[aria-sort]")).to_have_text(re.compile("Accuracy.*↑"))
    card.get_by_label("Search annotators").fill(" EVE")
    expect(rows).to_have_count(1)
    card.get_by_label("Search annotators").fill("nobody")
    expect(card.get_by_text("No annotator has “nobody”", exact=False)).to_be_visible()
    card.get_by_label("Search annotators").fill("ev")
    rows.first.press("Enter")
    detail = content.get_by_role("region", name="What eve confused")
    cells = detail.locator(".dcf-said button")
    expect(cells.first).to_be_visible()
    detail.scroll_into_view_if_needed()
    shoot(app, "annotators")
    keys.press("f")
    for width in (1280, 650):
        app.page.set_viewport_size({"width": width, "height": 1000})
        shoot(app, f"annotators-{width}")
    app.page.set_viewport_size({"width": 1600, "height": 1000})
    keys.press("f")
    assert violations(app) == []
    toggle_theme(app)
    shoot(app, "annotators-light")
    assert violations(app) == []

    # Their votes that are most probably wrong, one after the other.
    review = button(detail, "^Review the .* most probably wrong")
    wrong = counted(review)
    assert wrong > 30
    review.click()
    status = content.get_by_role("region", name="Queue").get_by_role("status").first
    expect(status).to_have_text(f"{wrong} left")
    looked_at(content)
    expect(content.locator(".dcf-question")).to_contain_text("eve voted")
    shoot(app, "annotators-queue")
    assert violations(app) == []
    keys.press("c")
    expect(status).to_have_text(f"{wrong - 1} left")

    # The filter holds on every screen until it is taken off.
    hers = len(dataset) - len(range(0, N, 3))
    keys.press("o")
    banner = content.get_by_text("Only samples that eve voted on", exact=False)
    expect(banner).to_be_visible()
    opened = content.locator('[data-number="open"] dd')
    expect(opened).to_have_text(str(hers - 1))
    expect(content.locator(".dcf-cell-pictures [style*=background]").first).to_be_visible()
    shoot(app, "annotators-overview")
    assert violations(app) == []
    keys.press("w")
    expect(content.get_by_text("Only samples that eve voted on", exact=False)).to_be_visible()
    content.get_by_role("button", name="All samples").click()
    expect(banner).to_have_count(0)
    keys.press("o")
    expect(opened).to_have_text(str(N - 1))
    # One confusion shows its samples in the ranking.
    keys.press("p")
    expect(cells.nth(1)).to_be_visible()
    many = counted(cells.nth(1).locator(".dcf-cell-count"))
    cells.nth(1).click()
    expect(content.locator(".dcf-tile")).to_have_count(many)
    expect(content.get_by_text("is likely.", exact=False)).to_be_visible()

    # The consensus is accepted in bulk after a random check, and taken back as a whole.
    content.get_by_role("button", name="All samples").click()
    keys.press("p")
    consensus = content.get_by_role("region", name="Consensus of votes and model")
    differing = consensus.get_by_test_id("consensus-samples")
    expect(differing).to_have_text(re.compile(r"^\d+ open labels$"))
    many, before = counted(differing), dataset.values("ground_truth.label")
    consensus.scroll_into_view_if_needed()
    button(consensus, "^Check some").click()
    dialog = app.page.get_by_role("dialog")
    choose_option(dialog.get_by_role("combobox", name="Samples to check"), "20")
    dialog.get_by_role("button", name="Draw 20").click()
    tiles = dialog.get_by_role("button", name=re.compile("is an exception"))
    expect(tiles).to_have_count(20)
    shoot(app, "consensus-check")
    tiles.first.click()
    dialog.get_by_role("button", name="1 exception").click()
    expect(dialog.get_by_test_id("bound")).to_contain_text("20 looked at, 1 exception")
    dialog.get_by_role("button", name=re.compile("Relabel .* samples")).click()
    expect(consensus.get_by_test_id("consensus-done")).to_contain_text(f"Relabelled {many - 1}")
    expect(differing).to_have_text("1 open label")
    shoot(app, "consensus")
    assert violations(app) == []
    dataset.reload()
    assert dataset.values("ground_truth.label") != before
    button(consensus, "^Undo all$").click()
    expect(differing).to_have_text(f"{many} open labels")
    dataset.reload()
    assert dataset.values("ground_truth.label") == before

    who_drew_boxes(app, drawn)
    assert app.errors == []


def who_drew_boxes(app: Any, dataset: Any) -> None:
    """The same on objects in the open window: the table, one's votes, the filter, the grid."""
    content, keys = overview(app.open_with_panel(dataset)), app.page.keyboard
    keys.press("p")
    card = content.get_by_role("region", name="Annotators")
    rows = card.locator("[data-annotator]")
    expect(rows).to_have_count(len(DRAWERS) + 1)
    assert set(rows.all_inner_texts()) == {*DRAWERS, f"{FIELD} (the label)"}
    expect(card).to_contain_text("votes on open objects")
    button(card, "^Accuracy").click()
    expect(rows.first).to_have_text("cid")  # the least accurate
    rows.first.press("Enter")
    detail = content.get_by_role("region", name="What cid confused")
    expect(detail.locator(".dcf-said button").first).to_be_visible()
    detail.scroll_into_view_if_needed()
    shoot(app, "annotators-objects")
    assert violations(app) == []

    review = button(detail, "^Review the .* most probably wrong")
    wrong = counted(review)
    assert wrong > 5
    review.click()
    status = content.get_by_role("region", name="Queue").get_by_role("status").first
    expect(status).to_have_text(f"{wrong} left")
    looked_at(content)
    # What is asked is about the vote: the label may be right, and is not to be changed by then.
    question = content.locator(".dcf-question")
    expect(question).to_contain_text("cid voted")
    expect(question).to_contain_text("the model sees the same")
    expect(button(content, "^Accept")).to_be_disabled()
    shoot(app, "annotators-objects-queue")
    assert violations(app) == []

    # The labels of the images that cid drew on, in FiftyOne's grid as in the panel.
    keys.press("o")
    banner = content.locator(".dcf-banner").filter(has_text="Only objects that cid voted on")
    expect(banner).to_be_visible()
    shoot(app, "annotators-objects-overview")
    assert violations(app) == []
    button(banner, "^Show in grid$").click()
    hers = dataset.exists("cid").count(f"{FIELD}.detections")
    expect(app.by("entry-counts").first).to_contain_text(f"{hers} patches")
    expect(app.by("looker").first).to_be_visible()
    shoot(app, "annotators-objects-grid")
    button(content, "^Back to the view before$").click()
    expect(app.by("entry-counts").first).to_contain_text("40 samples")
    button(banner, "^All objects$").click()
    expect(banner).to_have_count(0)

    accept_on_objects(app, dataset)


def accept_on_objects(app: Any, dataset: Any) -> None:
    """What people agree on is accepted after a random check, and every act of it taken back."""

    def labels() -> Any:
        dataset.reload()
        values = dataset.values([f"{FIELD}.detections.{name}" for name in ("id", "label")])
        return [dict(zip(*both, strict=True)) for both in zip(*values, strict=True)]

    content, keys, before = shown(app), app.page.keyboard, labels()
    keys.press("p")
    consensus = content.get_by_role("region", name="Consensus of votes and model")
    differing = consensus.get_by_test_id("consensus-samples")
    expect(differing).to_have_text(re.compile(r"^\d+ open objects$"))
    many = counted(differing)
    expect(consensus).to_contain_text(re.compile(r"\d+ to relabel, \d+ to remove, \d+ missing"))
    expect(consensus.get_by_role("list", name="What would change")).to_contain_text("(no label) →")
    consensus.scroll_into_view_if_needed()
    shoot(app, "consensus-objects")
    assert violations(app) == []
    button(consensus, "^Check some").click()
    dialog = app.page.get_by_role("dialog")
    choose_option(dialog.get_by_role("combobox", name="Samples to check"), "20")
    dialog.get_by_role("button", name="Draw 20").click()
    tiles = dialog.get_by_role("button", name=re.compile("is an exception"))
    expect(tiles).to_have_count(min(many, 20))
    expect(tiles.filter(has_text=re.compile("^(add|no) ")).first).to_be_visible()
    expect(tiles.filter(has_text=re.compile(r"^\d\s+→ \d$")).first).to_be_visible()
    shoot(app, "consensus-objects-check")
    assert violations(app) == []
    tiles.first.click()
    dialog.get_by_role("button", name="1 exception").click()
    expect(dialog.get_by_test_id("bound")).to_contain_text("looked at, 1 exception")
    dialog.get_by_role("button", name=re.compile("Change .* objects")).click()
    done = consensus.get_by_test_id("consensus-done")
    expect(done).to_contain_text(f"{many - 1} objects changed")
    expect(done).to_contain_text(re.compile(r"\d+ relabelled, \d+ removed, \d+ added"))
    expect(differing).to_have_text("1 open object")
    assert labels() != before
    button(done, "^Undo all$").click()
    expect(differing).to_have_text(f"{many} open objects")
    assert labels() == before
