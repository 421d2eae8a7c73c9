"""Classes that a decision may give: none that only looks like a class that is there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from ..errors import InputError
from ..scoring.lookalikes import seen_as, spelled_as, visible
from ..store.runs import Run
from .journal import headers

_LATIN = str.maketrans(
    "АВЕКМНОРСТУХЅІЈаеорсухѕіјԁԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρ",
    "ABEKMHOPCTYXSIJaeopcyxsijdqwhABEZHIKMNOPTYXovp",
)
"""Letters of Cyrillic and Greek that look like Latin ones."""


def looks_like(label: str, classes: Iterable[str]) -> str | None:
    r"""The class that a name that is none looks like, or is spelled like; None without one.

    >>> [looks_like(name, ["cat", "hot dog"]) for name in ("Cat ", "hot\u00a0dog", "hot-dog")]
    ['cat', 'hot dog', 'hot dog']
    >>> looks_like("c\u0430t", ["cat"]), looks_like("cat", ["cat", "Cat"]), looks_like("A", ["a"])
    ('cat', None, None)
    """
    known = list(classes)
    if label in known:
        return None
    plain = _plain(label)
    return next((name for name in known if _plain(name) == plain), None)


def check_class(run: Run, label: object, classes: Iterable[str], *, new_class: bool) -> None:
    """Raise InputError where a decision would make a class that looks like one that is there.

    Args:
        run: the run
        label: the class that is to be given; what is no text is refused elsewhere
        classes: those that the run knows
        new_class: whether the class is meant to be a new one
    """
    if not new_class:
        check_classes(run, {"label": label}, classes)


def check_classes(run: Run, labels: Mapping[str, object], classes: Iterable[str | None]) -> None:
    """Raise InputError where one of some labels would be a class that looks like another.

    Args:
        run: the run
        labels: the classes that are to be given, by what gives them; what is no text is refused
            elsewhere
        classes: those that the run knows, and the labels that are confirmed
    """
    known = {name for name in classes if name}
    named = {v: name for name, v in labels.items() if isinstance(v, str) and v and v not in known}
    if not named:
        return
    given = {name for name in headers().distinct("label", run.owner) if name}
    near = {_plain(name): name for name in [*sorted(given, reverse=True), *sorted(known)]}
    for label in sorted(named.keys() - given):
        like = near.setdefault(_plain(label), label)
        if like != label:
            there = "that is" if like in known | given else f"{visible(like)}, which is new too"
            raise InputError(
                f"{named[label]}: {visible(label)} is no class of run '{run.key}' and looks like "
                f"one {there}. Did you mean {visible(like)}? new_class=True makes a class of its "
                "own. Nothing was changed."
            )


def _plain(label: str) -> str:
    """What a name is read as, whatever its letters and blanks are made of."""
    return spelled_as(seen_as(unicodedata.normalize("NFKC", label).translate(_LATIN)))
