"""The tools that the scripted annotator works in, each as a line of the table."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass
from typing import Any

import numpy as np
from annotator_acts import in_modal, in_pages, in_queue
from annotator_hand import Hand, Slips
from annotator_witness import WITNESS, decisions, judge, to_next

from scripts.screenshots import PANEL

FIELD = "ground_truth"


@dataclass(frozen=True)
class Photographs:
    """What the annotator knows.

    Attributes:
        truth: the true label of each file
        given: the label that each has at first
    """

    truth: dict[str, str]
    given: dict[str, str]


def new_page(browser: Any) -> Any:
    """A window with the witness in it."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    context.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
    context.add_init_script(WITNESS)
    page = context.new_page()
    page.set_default_timeout(300_000)
    return page


def open_dataset(page: Any, url: str) -> None:
    """Show a dataset's grid."""
    page.goto(url)
    page.locator('[data-cy="fo-grid"]').wait_for()
    page.locator('[data-cy="entry-counts"]').first.wait_for()


def open_panel(page: Any) -> None:
    """Show the panel with its overview."""
    if not page.locator(PANEL).count():
        page.locator('[data-cy="new-panel-btn"]').first.click()
        page.locator('[data-cy="new-panel-option-label_errors"]').click()
    page.locator(".dcf-cell-open").first.wait_for()
    page.locator(".dcf-cell-open").first.focus()


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        tool: where the annotator worked
        samples: pictures judged
        minute: of them, each minute
        milliseconds: from a press to the next picture, the median
        wrong: judged samples whose label is not the true one afterwards
        not_meant: decisions that the annotator did not mean; for FiftyOne none are kept
        not_shown: changes of samples that no press met while their picture was shown
        passed: pictures passed over without a look
        made: presses, clicks, and slips of each kind
    """

    tool: str
    samples: int
    minute: float
    milliseconds: float
    wrong: int
    not_meant: int
    not_shown: int
    passed: int
    made: dict[str, int]


def witnessed(page: Any) -> Any:
    """What the witness noted."""
    return page.evaluate("({presses: window.witness.presses, drawn: window.witness.drawn})")


class Panel:
    """The panel on a dataset, and what the rows of its run are.

    Attributes:
        run: the run
        truth: the true label of each sample
        name_of: the row of each sample, as the page writes it
        hand: the annotator's, in a window that shows the overview
        before: how many decisions there were
    """

    def __init__(self, browser: Any, url: str, dataset: Any, known: Photographs, options: Any):
        from plugin.store.runs import load_run

        self.run = load_run(dataset, "deconfuse")
        ids, paths = dataset.values(["id", "filepath"])
        self.truth = {i: known.truth[path] for i, path in zip(ids, paths, strict=True)}
        rows = self.run.iteration().rows_of(ids)
        self.name_of = {i: str(row) for i, row in zip(ids, rows, strict=True)}
        self.true_of = {self.name_of[i]: label for i, label in self.truth.items()}
        self.before = len(decisions(self.run))
        page = new_page(browser)
        open_dataset(page, f"{url}/datasets/{dataset.name}")
        open_panel(page)
        rng = np.random.default_rng(options.seed)
        self.hand = Hand(page, rng, options.look, Slips())

    def row(self, tool: str, judged: int, meant: list[str], milliseconds: float | None) -> Row:
        """Close the window and hold what was written against what was shown and meant."""
        seen = witnessed(self.hand.page)
        minutes = self.hand.seconds() / 60
        self.hand.page.context.close()
        id_of = {name: i for i, name in self.name_of.items()}
        written = decisions(self.run)[self.before :]
        verdict = judge(written, seen, self.name_of, self.truth, [id_of[row] for row in meant])
        return Row(
            tool=tool,
            samples=judged,
            minute=judged / minutes,
            milliseconds=to_next(seen) if milliseconds is None else milliseconds,
            wrong=verdict.wrong,
            not_meant=verdict.not_meant,
            not_shown=verdict.not_shown,
            passed=0,
            made=self.hand.made,
        )


def queue_row(browser: Any, url: str, dataset: Any, known: Photographs, options: Any) -> Row:
    """The annotator in the panel's queue."""
    panel = Panel(browser, url, dataset, known, options)
    meant = in_queue(panel.hand, panel.true_of, options.samples)
    return panel.row("the queue", len(meant), meant, None)


def pages_row(browser: Any, url: str, dataset: Any, known: Photographs, options: Any) -> Row:
    """The annotator in the cells that the classifier agrees with, page by page."""
    panel = Panel(browser, url, dataset, known, options)
    page = panel.hand.page
    labels = [str(name) for name in panel.run.iteration().classes]
    cells = page.locator(".dcf-cell-correct .dcf-cell-open")
    cells.first.wait_for()
    opened = [cell.get_attribute("data-cell") for cell in cells.all()]
    judged, meant, waits = [], [], []
    panel.hand.begin()
    for cell in opened:
        page.locator(f'[data-cell="{cell}"]').scroll_into_view_if_needed()
        panel.hand.click(page.locator(f'[data-cell="{cell}"]'))
        if cell == opened[0]:  # the next cells open in pages as well
            page.locator(".dcf-cellscreen").wait_for()
            page.keyboard.press("b")
        label = labels[int(str(cell).split("-")[0])]
        wanted = options.paged - len(judged)
        more = in_pages(panel.hand, panel.true_of, label, options.glance, wanted)
        for known_so_far, new in zip((judged, meant, waits), more, strict=True):
            known_so_far.extend(new)
        if len(judged) >= options.paged:
            break
        page.keyboard.press("o")
        cells.first.wait_for()
    page.wait_for_timeout(1500)
    return panel.row("pages", len(judged), meant, float(np.median(waits)) if waits else None)


def modal_row(browser: Any, url: str, dataset: Any, known: Photographs, options: Any) -> Row:
    """The annotator in FiftyOne's own annotation of the same suspects in the same order."""
    schema = dataset.generate_label_schemas(FIELD)
    # All classes to be clicked, without typing: the quickest that FiftyOne offers.
    schema |= {"component": "radio", "classes": sorted(set(known.truth.values()))}
    dataset.update_label_schema(FIELD, schema)
    dataset.activate_label_schemas(FIELD)
    page = new_page(browser)
    open_dataset(page, f"{url}/datasets/{dataset.name}")
    hand = Hand(page, np.random.default_rng(options.seed), options.look, Slips())

    def address(path: str) -> str:
        return f"{url}/media?filepath={urllib.parse.quote(path, safe='')}"

    paths = dataset.values("filepath")
    truth = {address(path): known.truth[path] for path in paths}
    looked = in_modal(hand, truth, options.samples)
    seen = witnessed(page)
    minutes = hand.seconds() / 60
    page.context.close()
    dataset.reload()
    shown = {name for press in seen["presses"] for name in press["rows"]}
    order = [address(path) for path in paths]
    label = dict(zip(order, dataset.values(f"{FIELD}.label"), strict=True))
    given = {address(path): known.given[path] for path in paths}
    places = [order.index(name) for name in looked]
    return Row(
        tool="FiftyOne's *Annotate*",
        samples=len(looked),
        minute=len(looked) / minutes,
        milliseconds=to_next(seen),
        wrong=sum(label[name] != truth[name] for name in looked),
        not_meant=0,
        not_shown=sum(label[name] != given[name] and name not in shown for name in order),
        passed=max(places) - min(places) + 1 - len(set(places)),
        made=hand.made,
    )


TOOLS = {"queue": queue_row, "pages": pages_row, "fiftyone": modal_row}
