"""What a process of a Ray node does: says that it can work, and does one part a task."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from bson import ObjectId
from pymongo.errors import PyMongoError

from . import store
from .worker import BEAT_SECONDS, Desk, do, introduce

_lock = threading.Lock()
_here: dict[ObjectId, tuple[ObjectId, bool]] = {}
"""By work: what this process introduced itself as, and whether it can work."""
_desk = Desk()


def greet(work: ObjectId) -> bool | None:
    """Whether this node can work; None if there is no such work in the database it has."""
    found = store.find_work(work)
    return None if found is None else _introduced(found)[1]


def do_part(work: ObjectId, part: str) -> bool:
    """Do a part, if it is open and this process can; whether its answer counts."""
    found = store.find_work(work)
    if found is None or found["over"]:
        return False
    worker, able = _introduced(found)
    if not able:
        return False
    claimed = store.claim({"work": work, "_id": part}, worker)
    if claimed is None:
        return False
    return do(claimed, _desk)


def _introduced(found: store.Document) -> tuple[ObjectId, bool]:
    with _lock:
        if found["_id"] not in _here:
            _here.clear()
            _desk.clear()
            worker, problem = introduce(found)
            _here[found["_id"]] = worker, problem is None
            name = "deconfuse-node-beat"
            threading.Thread(target=_beat, args=(worker,), name=name, daemon=True).start()
        return _here[found["_id"]]


def _beat(worker: ObjectId) -> None:
    """Say that this process lives, between its parts too, as long as somebody wants to know."""
    wanted = True
    while wanted:
        time.sleep(BEAT_SECONDS)
        with suppress(PyMongoError):  # the database is away: it may come back
            wanted = store.beat_worker(worker)
