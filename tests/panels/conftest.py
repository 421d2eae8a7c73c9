"""What the tests of the panel's events share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def asking(operator: Any, context: Any) -> Callable[[Any], Any]:
    """``asking(dataset)``: a function that asks the panel, and sees that its reply can be sent.

    ``answer(event, view=None, **request)`` asks about the first iteration of the run ``deconfuse``.
    """

    def on(dataset: Any) -> Any:
        def answer(name: str, view: Any = None, **request: Any) -> Any:
            asked = {"run": "deconfuse", "iteration": 1, **request}
            ctx = context(dataset, "label_errors", view=view, __method__=name, request=asked)
            reply = operator("label_errors").execute(ctx)
            json.dumps(reply, allow_nan=False)
            return reply

        return answer

    return on
