"""Classes that a decision may give: none that only looks like a class that is there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

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
    if new_class or not isinstance(label, str) or not label:
        return
    given = {name for name in headers().distinct("label", run.owner) if isinstance(name, str)}
    if label in given:
        return
    near = looks_like(label, [*classes, *sorted(given)])
    if near is not None:
        raise InputError(
            f"label: {visible(label)} is no class of run '{run.key}' and looks like one that is. "
            f"Did you mean {visible(near)}? new_class=True makes a class of its own. Nothing was "
            "changed."
        )


def _plain(label: str) -> str:
    """What a name is read as, whatever its letters and blanks are made of."""
    return spelled_as(seen_as(unicodedata.normalize("NFKC", label).translate(_LATIN)))
