"""The report as one page of HTML: no network, no script, light and dark, ready to print."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from ..percent import percent
from ..scoring.lookalikes import visible
from .curve import HEIGHT, WIDTH, Curve

LONGEST_NAME = 90
MOST_PAIRS = 20
MOST_LISTED = 2_000


@dataclass(frozen=True)
class Picture:
    """A thumbnail; ``small`` where single pixels matter, and are to be seen."""

    url: str
    small: bool = False


@dataclass(frozen=True)
class Pair:
    """A row of the tables of classes: samples of one class that are, or may be, another.

    Attributes:
        before: the label; None for none
        after: the class that it is now, or that is predicted; None for none
        samples: how many
        removed: they were taken out of the dataset; of objects, their labels off the images
        pictures: of the first of them
        said: what became of them, where that is not the class ``after``
    """

    before: str | None
    after: str | None
    samples: int
    removed: bool = False
    pictures: Sequence[Picture] = ()
    said: str = ""


@dataclass(frozen=True)
class Iteration:
    """A row of the table of iterations; shares are None where nothing is known."""

    number: int
    samples: int
    agreement: float | None
    suspects: int | None
    trusted: float | None
    trusted_samples: int = 0


@dataclass(frozen=True)
class Round:
    """A row of the table of rounds of cleaning by importance."""

    looked: int
    fixed: int
    auroc: float | None


@dataclass(frozen=True)
class Facts:
    """What the page says; sentences are empty, and lists too, where there is nothing to say.

    Attributes:
        dataset, run, label_field: what was cleaned
        written: when the page was made
        samples, classes: of the last iteration
        judged: samples on which a decision stands, removed ones too
        relabelled, removed: samples that were fixed, by how
        suspects: samples open that the classifier contradicts
        estimate: the number of wrong labels left and its interval, as short texts; None: unknown
        estimate_basis, target: sentences
        fixes: what was fixed, by label before and after
        open_cells: the largest groups of suspects that are open
        decisions, authors: names with numbers of samples
        effort: the effort curve
        iterations, rounds: one a row
        advice: a sentence on ``rounds``
        round_curves: of ``rounds``
        notes: sentences on what to know: warnings, what could not be judged, what was assumed
        thing: what is counted: ``sample``, ``object`` or ``tag``
        images: that ``samples`` objects or tags are on; None where samples are counted
        added, moved: of objects, those that were fixed in these ways
        taken_back: decisions that were undone
    """

    dataset: str
    run: str
    label_field: str
    written: str
    samples: int
    classes: int
    judged: int
    relabelled: int
    removed: int
    suspects: int
    estimate: tuple[str, str] | None = None
    estimate_basis: str = ""
    target: str = ""
    fixes: Sequence[Pair] = ()
    open_cells: Sequence[Pair] = ()
    decisions: Sequence[tuple[str, int]] = ()
    authors: Sequence[tuple[str, int]] = ()
    effort: Curve | None = None
    iterations: Sequence[Iteration] = ()
    rounds: Sequence[Round] = ()
    advice: str = ""
    round_curves: Sequence[Curve] = field(default=())
    notes: Sequence[str] = ()
    thing: str = "sample"
    images: int | None = None
    added: int = 0
    moved: int = 0
    taken_back: int = 0

    @property
    def fixed(self) -> int:
        """Samples whose label is another one now, or that were removed; of objects, also others."""
        return self.relabelled + self.removed + self.added + self.moved

    @property
    def ways(self) -> str:
        """How many were fixed in which way, where there is more than one."""
        count = {
            "relabelled": self.relabelled,
            "removed": self.removed,
            "added": self.added,
            "moved": self.moved,
        }
        return ", ".join(f"{n:,} {way}" for way, n in count.items() if n)


def page(facts: Facts) -> str:
    """The whole page. Whatever users wrote is text in it, never markup."""
    values = {f.name: getattr(facts, f.name) for f in fields(facts)}
    return _template().render(
        **values,
        fixed=facts.fixed,
        ways=facts.ways,
        most_pairs=MOST_PAIRS,
        most_listed=MOST_LISTED,
        largest=max((pair.samples for pair in facts.fixes), default=1),
        largest_open=max((pair.samples for pair in facts.open_cells), default=1),
        width=WIDTH,
        height=HEIGHT,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"n": _number, "share": _share, "short": _short, "seen": _seen}
    environment.filters["counted"] = _counted
    return environment.get_template("page.html")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    """A share in percent, with as many digits as it needs to be none or all only where it is."""
    if value is None:
        return ""
    digits = 1 if 0.001 <= value <= 0.999 or value in (0.0, 1.0) else 3
    return percent(value, digits)


def _counted(value: int, what: str, more: str | None = None) -> str:
    return f"{value:,} {what if value == 1 else more or what + 's'}"


def _seen(name: str | None) -> str:
    """A class name in which blanks at its ends and control characters can be seen."""
    if name is None:
        return "no label"
    if not name:
        return "(empty)"
    odd = name != name.strip() or any(unicodedata.category(c) == "Cc" for c in name)
    return visible(name)[1:-1] if odd else name


def _short(name: str) -> str:
    """A class name of at most ``LONGEST_NAME`` characters, its beginning and its end."""
    if len(name) <= LONGEST_NAME:
        return name
    half = LONGEST_NAME // 2
    return f"{name[:half]}…{name[-half + 1 :]}"
