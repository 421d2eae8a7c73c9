"""Votes, second opinions and verdicts, in panels as narrow as FiftyOne's split makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from plugin.decisions.resolve import resolve
from plugin.opinions.request import request_second_opinion
from plugin.store.runs import load_run
from tests.browser.label_errors_panel import (
    button,
    left_over,
    looked_at,
    panel,
    planted_digits,
    shoot,
    toggle_theme,
    wrong_in,
)
from tests.browser.test_widths import CUT, NAMES, whole

N = 150
WIDTHS = (490, 260, 180)

# Names and numbers of the table that are beside it or below something else.
OUTSIDE = """(frame) => {
  const room = frame.getBoundingClientRect();
  return [...frame.querySelectorAll('th, td')].filter((e) => e.checkVisibility()).filter((e) => {
    const range = document.createRange();
    range.selectNodeContents(e);
    const at = range.getBoundingClientRect();
    return !at.width || at.left < room.left - 1 || at.right > room.right + 1;
  }).map((e) => e.innerText);
}"""

# Words of buttons that take more than a line, though no word of theirs is long.
BROKEN = """(buttons) => buttons.flatMap((button) => {
  const walk = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
  const broken = [];
  while (walk.nextNode())
    for (const word of walk.currentNode.data.matchAll(/[\\p{L}]+/gu)) {
      const range = document.createRange();
      range.setStart(walk.currentNode, word.index);
      range.setEnd(walk.currentNode, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((r) => Math.round(r.top / 4)));
      if (word[0].length < 11 && lines.size > 1) broken.push(word[0]);
    }
  return broken;
})"""

# Cells of a row of confusions that are not right of its name.
UNDER_NAMES = """(detail) => [...detail.querySelectorAll('.dcf-confused')].flatMap((row) => {
  const name = row.querySelector('.dcf-confused-head').getBoundingClientRect();
  return [...row.querySelectorAll('.dcf-said')]
    .filter((e) => e.getBoundingClientRect().left < name.right)
    .map((e) => `${row.innerText}: ${e.innerText}`);
})"""


@pytest.fixture
def voted(dataset: Callable[..., Any], operator: Any) -> Any:
    """Digits under long names that three people voted on, one of them badly; bob is asked."""
    new, truth, p = planted_digits(dataset, N, share=0.1)
    g = np.random.default_rng(1)
    for at, sample in enumerate(new.iter_samples(autosave=True)):
        digit = int(truth[sample.id])
        said = {
            "eve": (digit + int(g.integers(4))) % 10,
            "Jörg Müller-Lüdenscheidt": digit,
            "ada": digit if at % 4 else int(g.integers(10)),
        }
        sample["crowd"] = fo.Classifications(
            classifications=[
                fo.Classification(label=NAMES[one], annotator=who) for who, one in said.items()
            ]
        )
        sample["ground_truth"] = fo.Classification(label=NAMES[int(sample.ground_truth.label)])
        sample["model"] = fo.Classification(label=NAMES[p[at].argmax()], logits=np.log(p[at]))
    new.classes["model"] = NAMES
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
    run = load_run(new, "deconfuse")
    resolve(run, "confirm", new.values("id")[:6], author="ada")
    request_second_opinion(run, "bob", decisions_of="ada")
    return new


def broken(buttons: Locator) -> list[str]:
    return left_over(buttons.page, lambda: buttons.evaluate_all(BROKEN))


def test_votes_and_a_second_opinion_in_a_narrow_panel(app: Any, voted: Any) -> None:
    content, page = panel(app, voted), app.page
    whole(content)
    page.keyboard.press("p")
    card = content.get_by_role("region", name="Annotators")
    eve = card.locator("[data-annotator]").filter(has_text="eve")
    eve.click()
    detail = content.get_by_role("region", name="What eve confused")
    expect(detail.locator(".dcf-said").nth(5)).to_be_visible()
    wrong: dict[str, list[str]] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for part, name in ((card, "annotators"), (detail, "confused")):
            part.locator("h3, h4").first.evaluate("e => e.scrollIntoView()")
            shoot(app, f"narrow-{name}-{width}")
        expect(card.locator("[data-annotator]").first).to_be_visible()
        wrong[f"outside at {width}"] = wrong_in(card.locator(".dcf-table-frame"), OUTSIDE)
        wrong[f"cut at {width}"] = left_over(page, lambda: page.evaluate(CUT))
        wrong[f"broken at {width}"] = broken(content.locator(".dcf-card button"))
        if width > 300:
            wrong[f"rows at {width}"] = wrong_in(detail, UNDER_NAMES)
    assert {at: what for at, what in wrong.items() if what} == {}
    button(content, "^Answer 6$").click()
    looked_at(content)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        shoot(app, f"narrow-answer-{width}")
        assert broken(content.locator(".dcf-queue-side button")) == []
    assert app.errors == []


def test_objects_are_judged_in_a_narrow_panel(app: Any, objects: Any) -> None:
    content, page = panel(app, objects), app.page
    toggle_theme(app)
    whole(content)
    page.keyboard.press("q")
    looked_at(content)
    answers = content.locator(".dcf-queue-side button")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        shoot(app, f"narrow-object-{width}")
        assert broken(answers) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    page.keyboard.press("p")
    button(content, "^Draw an audit$").click()
    button(content, "^Cannot tell").wait_for()
    looked_at(content)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        shoot(app, f"narrow-outline-{width}")
        assert broken(answers) == []
    assert app.errors == []
