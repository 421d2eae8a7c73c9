"""A work: its coordinator offers parts, watches their workers and takes what they answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from bson import ObjectId
from pymongo.errors import PyMongoError

from ..errors import InputError
from ..progress import Report, Waiting
from ..store.columns import read_column
from . import steps, store
from .part import Array, Part, Source, key_of_array
from .watch import Watch

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
POLL_SECONDS = 0.1
AT_ONCE = 200
"""Parts that are offered and not yet taken back: their documents hold what they are told."""
MOST_DEATHS = 5
"""A part that so many workers died of is given up."""
LEAVE_SECONDS = 3.0
"""For so long the workers' leaving is waited for at the end; each looks once a second."""


class Place(Protocol):
    """Where workers are: how they are called, and what became of them."""

    nobody: str
    """What to say where none answers."""

    def begin(self, work: ObjectId, owner: Mapping[str, Any]) -> None:
        """Call workers, who introduce themselves before there is any part.

        Raises:
            InputError: if none can be called
        """
        ...

    def greeted(self, workers: Sequence[Mapping[str, Any]], seconds: float) -> bool:
        """Whether all workers that can be expected have introduced themselves."""
        ...

    def tend(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Called several times a second, with the parts that are not done."""
        ...

    def end(self) -> None:
        """Called when the work is over and the workers were told to leave."""
        ...


class Result:
    """What a part answered.

    Attributes:
        facts: as its function returned them
    """

    def __init__(self, document: Mapping[str, Any]):
        self.facts: Mapping[str, Any] = document["facts"]
        self._columns = document["columns"]

    def column(self, name: str, start: int = 0, stop: int | None = None) -> Array:
        """Rows of a column."""
        return read_column(self._columns[name], start, stop)


class Known(NamedTuple):
    """The parts that were made so far, and their size together.

    >>> str(Known(40, 1.0)), Known(40, 0.5).about(1.0), Known(1, 1.0).about(1.0)
    ('40 parts', 'about 80 parts', 'about 1 part')
    """

    parts: int
    size: float

    def __str__(self) -> str:
        return f"{self.parts:,} part{'s' * (self.parts != 1)}"

    def about(self, whole: float) -> str:
        """How many there will be, if the rest is as large as these."""
        more = round(self.parts * whole / self.size) if self.size > 0 else self.parts
        return f"about {self._replace(parts=max(self.parts, more))}"


class Work:
    """Parts that are worked on elsewhere; use it as a context manager.

    What workers finished is kept until the work ends in this process, however it ends: a
    coordinator that is killed is followed by another one, which finds what is done by its keys. A
    work that could not begin leaves it to the next one. One work at a time may be done on a run;
    its job sees to that.

    Args:
        place: where the workers are
        owner: ``dataset_id`` and ``run_key``
        needs: what each worker must have, see ``hello.py``
        report: told while workers are waited for

    Raises:
        InputError: on entering, if no worker answers, or one of them lacks something
    """

    def __init__(
        self, place: Place, owner: Mapping[str, Any], needs: Mapping[str, Any], report: Report
    ):
        self._place, self._owner, self._needs, self._report = place, dict(owner), needs, report
        self._over = threading.Event()
        self._watch, self._watch_workers = Watch(), Watch()
        self._offered = 0
        self._begun = False
        self._met: set[ObjectId] = set()
        self._left: set[str] = set()
        self.called = 0
        self.from_before = 0
        """Parts that a work which did not end here had done."""

    def __enter__(self) -> Work:
        self._left = store.parts_left(self._owner)
        self._id = store.begin_work(self._owner, self._needs)
        name = "deconfuse-work-beat"
        self._thread = threading.Thread(target=self._beat, name=name, daemon=True)
        self._thread.start()
        try:
            self._place.begin(self._id, self._owner)
            self._greet()
        except BaseException:
            self.__exit__()
            raise
        self._begun = True
        return self

    def __exit__(self, *_: object) -> None:
        store.end_work(self._id)
        try:
            until = time.monotonic() + LEAVE_SECONDS
            while self._living() and time.monotonic() < until:
                time.sleep(POLL_SECONDS)
            self._place.end()
        finally:
            self._over.set()
            self._thread.join()
            if self._begun:
                store.clear_work(self._owner)
            else:  # what an earlier work left is for the next one
                store.withdraw_work(self._owner)

    def give(self, array: Array) -> Source:
        """Keep an array for parts to take, and say how they name it."""
        key = key_of_array(array)
        store.give(self._owner, self._id, key, array)
        return key, "array"

    def results(
        self,
        parts: Iterable[Part],
        report: Report,
        label: str,
        *,
        total: Callable[[], float],
        keep: bool = True,
    ) -> Generator[tuple[Part, Result]]:
        """What parts answer, each as soon as it is there.

        Args:
            parts: taken as workers get through with them
            report: told how far it is, several times a second; what it raises ends this
            label: what is done, for a person to read
            total: the sizes of all parts together, as far as they are known by now
            keep: answers are kept until the work ends, for other parts and for whoever takes up
                the work after this process; otherwise until the next one is asked for

        Raises:
            InputError: if a part cannot be done
            RuntimeError: if one fails for another reason
        """
        waiting: dict[str, Part] = {}
        source: Iterator[Part] = iter(parts)
        done, finished = 0.0, 0
        while True:
            room = AT_ONCE - len(waiting)
            fresh = list(islice(source, room))
            ids = store.put(self._owner, self._id, self._offered, fresh)
            self.from_before += len(self._left.intersection(ids))
            self._left.difference_update(ids)
            self._offered += len(fresh)
            waiting |= dict(zip(ids, fresh, strict=True))
            if not waiting:
                return
            found = store.look_at(waiting)
            self._check(found)
            ready = [part for part in found if part["state"] == "done"]
            for document in ready:
                part = waiting.pop(document["_id"])
                done, finished = done + part.size, finished + 1
                steps.reached("collected", store.named(document))
                yield part, Result(document)
                if not keep:
                    store.forget_part(document["_id"])
            rest = [part for part in found if part["state"] != "done"]
            under_way = sum(waiting[p["_id"]].size * p.get("share", 0.0) for p in rest)
            whole = max(total(), 1e-9)
            known = Known(finished + len(waiting), done + sum(p.size for p in waiting.values()))
            of = str(known) if len(fresh) < room else known.about(whole)
            report(min((done + under_way) / whole, 1.0), self._said(label, f"{finished:,} of {of}"))
            if not ready:
                self._place.tend(rest)
                time.sleep(POLL_SECONDS)

    def _said(self, label: str, done: str) -> str:
        living = self._living()
        self._met |= {worker["_id"] for worker in living}
        there = len(living)
        if not there:
            return Waiting(f"{label}: {done} done. {self._place.nobody}")
        return f"{label}: {done} done, {there:,} worker{'s' * (there != 1)}"

    def _check(self, found: list[store.Document]) -> None:
        """Reopen what dead workers had; raise where a part cannot be done."""
        for part in found:
            if part["state"] == "taken" and self._watch.is_dead(part):
                if part["deaths"] + 1 >= MOST_DEATHS:
                    raise InputError(
                        f"{part['about']}: {MOST_DEATHS} workers died while they worked on it, one "
                        "after the other; memory may have run out there. Nothing was kept."
                    )
                logger.warning("%s: its worker died; another one gets it", part["about"])
                store.reopen(part)
            elif part["state"] == "failed" and part["by_input"]:
                raise InputError(part["why"])
            elif part["state"] == "failed":
                raise RuntimeError(f"{part['about']} failed on {part['why']}")

    @property
    def joined_later(self) -> int:
        """How many workers answered after the parts were begun."""
        return max(0, len(self._met) - self.called)

    def _living(self) -> list[store.Document]:
        return [
            worker
            for worker in store.joined(self._id)
            if worker["problem"] is None and not self._watch_workers.is_dead(worker)
        ]

    def _greet(self) -> None:
        """Wait for workers, and see whether all that answer can work."""
        began = time.monotonic()
        while True:
            self._place.tend([])
            there = store.joined(self._id)
            for worker in there:
                if worker["problem"] is not None:
                    text = (
                        f"workers: {worker['name']} {worker['problem']}. Nothing was begun: stop "
                        "that worker, or give it what it lacks."
                    )
                    raise InputError(text)
            seconds = time.monotonic() - began
            if self._place.greeted(there, seconds):
                break
            self._report(0.0, f"Asking for workers, {len(there):,} answered")
            time.sleep(POLL_SECONDS)
        if not there:
            raise InputError(f"workers: {self._place.nobody} Nothing was begun.")
        self._met = {worker["_id"] for worker in there}
        self.called = len(there)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                store.beat_work(self._id)
            except PyMongoError as error:  # the database is away: it may come back
                logger.warning("A work's sign of life could not be written: %s", error)
