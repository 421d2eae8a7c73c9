"""The report's page: whole, without scripts or network, and what users wrote is text in it."""

from __future__ import annotations

import random
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.report.curve import BOTTOM, LEFT, MOST_POINTS, RIGHT, TOP, effort_curve, round_curve
from plugin.report.fixes import Fix, Step, net_fixes
from plugin.report.page import MOST_PAIRS, Facts, Iteration, Pair, Picture, Round, page

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;</table></html>",
    "</style><style>*{display:none}",
]
VOID = {"meta", "img", "line", "polyline", "polygon", "circle"}


class Reader(HTMLParser):
    """Reads a page: which tags it has, that they close, its text, and where it points to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def facts(**changed: object) -> Facts:
    known: dict[str, object] = {
        "dataset": "birds",
        "run": "deconfuse",
        "label_field": "ground_truth",
        "written": "1 May 2026",
        "samples": 4_000,
        "classes": 3,
        "judged": 0,
        "relabelled": 0,
        "removed": 0,
        "suspects": 12,
    }
    return Facts(**(known | changed))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("nasty", NASTY)
def test_what_users_wrote_is_text_in_the_page(nasty: str) -> None:
    pairs = [Pair(nasty, nasty, 5, pictures=[Picture("data:image/png;base64,AA")])]
    html = page(
        facts(
            dataset=nasty,
            run=nasty,
            label_field=nasty,
            written=nasty,
            judged=3,
            relabelled=3,
            estimate=(nasty, nasty),
            estimate_basis=nasty,
            target=nasty,
            fixes=pairs * (MOST_PAIRS + 2),
            open_cells=pairs,
            decisions=[(nasty, 3)],
            authors=[(nasty, 3)],
            effort=effort_curve([3], [2]),
            rounds=[Round(1, 2, 0.5)],
            advice=nasty,
            notes=[nasty],
        )
    )
    read = Reader(html)
    assert read.open == []
    assert read.tags["script"] == 0
    assert read.tags["img"] == MOST_PAIRS + 1
    assert read.tags["style"] == read.tags["html"] == 1
    assert not any(name.startswith("on") for name, _ in read.attributes)
    assert read.text.count(nasty) >= 2 * (MOST_PAIRS + 3) + 10
    assert "http" not in html
    assert "49" not in read.text


def test_every_state_is_whole() -> None:
    everything = facts(
        judged=7,
        relabelled=2,
        removed=1,
        estimate=("41", "17 to 88"),
        fixes=[Pair("ant", "bee", 2), Pair("ant", None, 1, removed=True), Pair(None, "bee", 1)],
        effort=effort_curve([3, 7], [2, 3]),
        iterations=[Iteration(1, 9, 0.9715, 3, None), Iteration(2, 9, 0.5, 2, 0.25, 7)],
        decisions=[("relabelled", 2)],
        authors=[("ann", 7)],
    )
    for known in (facts(), everything, facts(judged=1, removed=1), facts(suspects=0)):
        html = page(known)
        assert Reader(html).open == []
        assert html.rstrip().endswith("</html>")
        assert "None" not in Reader(html).text
    told = " ".join(Reader(page(everything)).text.split())
    assert "7 samples were judged by a person, and 3 wrong labels were fixed" in told
    assert "2 relabelled, 1 sample removed. About 41 wrong labels are left." in told
    assert "97.2 %" in told
    assert "25.0 % of 7" in told
    assert "no label" in told
    assert "removed" in told


def test_long_odd_and_many_names_have_room() -> None:
    long = "x" * 500 + "y" * 500
    many = [Pair(f"species {k}", long, 1) for k in range(3_000)]
    read = Reader(page(facts(judged=9, relabelled=9, fixes=[Pair("cat ", "", 2), *many])))
    assert long not in read.text
    assert ("title", long) in read.attributes
    assert "cat␣" in read.text
    assert "(empty)" in read.text
    assert f"{3_001 - MOST_PAIRS:,} more pairs" in read.text
    assert "1,001 pairs that are not listed" in read.text


@given(st.integers(0, 2**32 - 1))
def test_fixes_are_those_of_a_person_who_follows_each_sample(seed: int) -> None:
    draw = random.Random(seed)
    now: dict[str, str | None] = dict.fromkeys("abcd", "cat")
    started: dict[str, str | None] = {}
    steps: list[Step] = []
    removed: set[str] = set()
    for _ in range(draw.randrange(14)):
        name, act = draw.choice("abcd"), draw.choice(["relabel", "confirm", "remove", "undo"])
        before = now[name]
        if act == "undo":
            now[name] = started.pop(name, now[name])
            removed.discard(name)
            steps.append(Step(name, before, now[name], None))
            continue
        if name in removed:
            continue
        started.setdefault(name, before)
        if act == "remove":
            removed.add(name)
            steps.append(Step(name, before, None, "removed"))
        else:
            now[name] = draw.choice(["cat", "dog", "owl"]) if act == "relabel" else before
            steps.append(Step(name, before, now[name], f"{act}ed"))
    expected = Counter(
        (first, None if name in removed else now[name], name in removed)
        for name, first in started.items()
        if name in removed or now[name] != first
    )
    found = net_fixes(steps)
    assert {(f.before, f.after, f.removed): len(f.sample_ids) for f in found} == expected
    assert [len(f.sample_ids) for f in found] == sorted(expected.values(), reverse=True)


def test_a_removed_sample_is_told_apart_from_one_without_a_label() -> None:
    steps = [Step("a", "cat", None, "removed"), Step("b", "cat", None, "relabeled")]
    assert net_fixes(steps) == [Fix("cat", None, False, ["b"]), Fix("cat", None, True, ["a"])]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=2_000))
def test_the_effort_curve_stays_in_its_picture(counts: list[int]) -> None:
    looked = [sum(counts[: k + 1]) for k in range(len(counts))] if len(counts) < 99 else None
    looked = looked or list(range(1, len(counts) + 1))
    curve = effort_curve(looked, [n // 2 for n in looked])
    assert curve is not None
    assert curve.points[-1][0] == RIGHT
    assert curve.points[0] == (LEFT, BOTTOM)
    assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in curve.points)
    assert len(curve.points) <= 2 * MOST_POINTS + 1


def test_rounds_have_a_curve_from_the_second_on() -> None:
    assert round_curve("AUROC", [0.9, None], 4) is None
    curve = round_curve("AUROC", [0.9, None, 0.95], 4)
    assert curve is not None
    assert (curve.first, curve.last, curve.said) == ("0.9000", "0.9500", "AUROC: 0.9000, 0.9500")
    assert round_curve("Labels fixed", [3, 3], 0) is not None
    assert effort_curve([], []) is None
