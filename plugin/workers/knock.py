"""Whether delegated workers answer, asked before anybody decides to let them work."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from cachetools import TTLCache, cached

from . import hello, store
from .delegated import Delegated

SECONDS = 6.0
"""So long a form waits for the first one: one that is idle looks at the queue twice a second."""
AGAIN_SECONDS = 60.0
"""For so long what they answered is believed; a form is worked out anew with each letter."""
POLL_SECONDS = 0.1


@cached(TTLCache(8, AGAIN_SECONDS), key=lambda dataset: str(dataset._doc.id))
def answering(dataset: Any) -> tuple[int, list[str]]:
    """How many delegated workers answer that can work, and what keeps the others from it.

    It takes seconds, or none where it was asked within the last minute.

    Args:
        dataset: what they would work on
    """
    return _asked({"dataset_id": dataset._doc.id, "run_key": f"knock {ObjectId()}"})


def _asked(owner: Mapping[str, Any]) -> tuple[int, list[str]]:
    place = Delegated(SECONDS)
    work = store.begin_work(owner, hello.needs([], [], "cpu"))
    try:
        place.begin(work, owner)
        began = time.monotonic()
        while True:
            place.tend([])
            there, seconds = store.joined(work), time.monotonic() - began
            # Whoever is busy with another run is not waited for here.
            if place.greeted(there, seconds) or (seconds >= SECONDS and not there):
                break
            time.sleep(POLL_SECONDS)
    finally:
        store.end_work(work)
        place.end()
        store.clear_work(owner)
    problems = [f"{w['name']} {w['problem']}" for w in there if w["problem"] is not None]
    return len(there) - len(problems), problems
