"""A worker: takes parts of a work, one after the other, until it is told to leave."""

from __future__ import annotations

import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from bson import ObjectId
from pymongo.errors import PyMongoError

from ..abandonable import abandonable
from ..errors import Cancelled, InputError
from ..processes import this_process
from ..progress import Report, silent
from ..store.columns import read_column
from . import hello, steps, store
from .kinds import function_of
from .part import Array, Made
from .watch import Watch

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
POLL_SECONDS = 0.2
LOOK_SECONDS = 1.0
"""How often a worker looks whether its work goes on."""
MOST_READ = 4
"""Arrays that are kept for later parts; those that all parts take are few."""


def serve(work: ObjectId, report: Report = silent) -> dict[str, Any]:
    """Take parts of a work until it is over, its coordinator dies or is asked to stop.

    Args:
        work: the work's id
        report: told what is being done; what it raises ends it, and the part is given back

    Returns:
        ``parts``, how many were done, and ``problem``, what kept this process from it
    """
    found = store.find_work(work)
    if found is None or found["over"]:
        return {"parts": 0, "problem": None}
    worker, problem = introduce(found)
    if problem is not None:
        return {"parts": 0, "problem": problem}
    done, coordinator, desk = 0, Watch(), Desk()
    looked = time.monotonic()
    with beating(lambda: store.beat_worker(worker)):
        try:
            while found is not None and not store.is_over(found, coordinator):
                part = store.claim({"work": work}, worker)
                if part is not None:
                    done += do(part, desk, report)
                else:
                    report(None, f"{done:,} parts done, waiting for more")
                    time.sleep(POLL_SECONDS)
                if time.monotonic() - looked >= LOOK_SECONDS:
                    found, looked = store.find_work(work), time.monotonic()
        finally:
            desk.clear()
            store.leave(worker)
    return {"parts": done, "problem": None}


def introduce(found: store.Document) -> tuple[ObjectId, str | None]:
    """Say that this process is there for a work, and what keeps it from working, if anything."""
    try:
        problem = hello.problem(found["needs"])
    except Exception as error:  # whatever a damaged installation raises
        problem = f"cannot begin ({type(error).__name__}: {str(error)[:300]})"
    owner = {name: found[name] for name in ("dataset_id", "run_key")}
    return store.join(owner, found["_id"], own_name(), problem), problem


def own_name() -> str:
    """What a person may call this process."""
    return f"{socket.gethostname()} (process {this_process()['pid']})"


def do(part: store.Document, desk: Desk, report: Report = silent) -> bool:
    """Do a part that was claimed; whether its answer counts.

    Where ``report`` raises, the part is given back.
    """
    lost = threading.Event()
    share, named = [0.0], store.named(part)

    def told(progress: float | None, label: str) -> None:
        if lost.is_set():
            raise Cancelled("the part is another's by now, or nobody wants it any more")
        share[0] = progress or share[0]
        report(progress, f"{part['about']}: {label}")

    def renew() -> None:
        if not store.renew(part, share[0]):
            lost.set()

    steps.reached("claimed", named)
    with beating(renew):
        try:
            work = function_of(part["kind"])
            given = _Given(part, desk)
            answer = abandonable(lambda inner: work(given, inner), told, part["about"], 0.0)
            steps.reached("computed", named)
            if lost.is_set():
                return False
            counts = store.commit(part, answer)
            steps.reached("committed", named)
            return counts
        except InputError as error:
            store.fail(part, str(error), by_input=True)
        except Cancelled:
            if not lost.is_set():
                store.release(part)
                raise
        except LookupError:
            if store.find_work(part["work"]) is not None:  # else it was cleared meanwhile
                store.fail(part, f"{own_name()}: {traceback.format_exc()}", by_input=False)
        except PyMongoError:
            raise
        except Exception:
            store.fail(part, f"{own_name()}: {traceback.format_exc()}", by_input=False)
        except BaseException:
            store.release(part)
            raise
    return False


@contextmanager
def beating(beat: Callable[[], object]) -> Iterator[None]:
    """Call ``beat`` each second, from a thread."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(BEAT_SECONDS):
            try:
                beat()
            except PyMongoError as error:  # the database is away: it may come back
                logger.warning("A worker's sign of life could not be written: %s", error)

    thread = threading.Thread(target=run, name="deconfuse-worker-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Desk:
    """What a worker keeps from one part to the next: arrays, networks, decoded images."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, Any]] = {}
        self._read: dict[Any, Array] = {}

    def held(self, name: str, key: str, make: Callable[[], Made]) -> Made:
        """What ``make`` answered for the key; what was kept of the name before goes first."""
        if name not in self._held or self._held[name][0] != key:
            self._drop(name)
            self._held[name] = key, make()
        return self._held[name][1]

    def read(self, columns: Sequence[Mapping[str, Any]]) -> Array:
        """Columns one behind the other."""
        key = tuple(column["file"] for column in columns)
        if key not in self._read:
            while len(self._read) >= MOST_READ:
                self._read.pop(next(iter(self._read)))
            self._read[key] = np.concatenate([read_column(dict(column)) for column in columns])
        return self._read[key]

    def clear(self) -> None:
        """Let go of everything."""
        self._read.clear()
        for name in list(self._held):
            self._drop(name)

    def _drop(self, name: str) -> None:
        _, old = self._held.pop(name, ("", None))
        close = getattr(old, "close", None)
        if close is not None:
            with suppress(Exception):
                close()


class _Given:
    """What a part's function is given; see ``part.Given``."""

    def __init__(self, part: store.Document, desk: Desk):
        self.arguments: Mapping[str, Any] = part["arguments"]
        self._takes = part["takes"]
        self._desk = desk

    def take(self, name: str) -> Array:
        return self._desk.read(store.columns_of(self._takes[name]))

    def pieces(self, name: str) -> Iterator[Array]:
        for column in store.columns_of(self._takes[name]):
            yield read_column(column)

    def held(self, name: str, key: str, make: Callable[[], Made]) -> Made:
        return self._desk.held(name, key, make)
