"""Datasets that are made once and cloned for each test: cloning one takes a tenth of making it."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from copy import deepcopy
from typing import Any


def made_once(make: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """Let what makes a dataset do so once, and clone it from then on.

    Args:
        make: takes a name, and what can be the key of a dict; gives a dataset of that name, and
            what goes with it, which may name samples and labels: clones keep their ids

    Returns:
        the same for whoever calls it: each call gives a dataset of its own
    """
    templates: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    @functools.wraps(make)
    def cloned(name: str, *args: Any) -> tuple[Any, ...]:
        if args not in templates:
            templates[args] = make(f"template-{uuid.uuid4().hex[:12]}", *args)
        dataset, *others = templates[args]
        return (dataset.clone(name), *deepcopy(others))

    return cloned
