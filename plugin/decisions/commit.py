"""Commit: a decision is written to the journal, made to count, and carried out once."""

from __future__ import annotations

import contextlib
import getpass
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import ConnectionFailure

from ..errors import InputError
from ..store.database import collection_of
from ..store.dataset_now import dataset_now
from ..store.iterations import COLLECTION as ITERATIONS
from ..store.iterations import ON_OBJECTS, last_on_objects, load_iteration
from ..store.label_field import check_current
from ..store.runs import Run
from ..store.samples import take_off_undeclared
from . import steps
from .cies_field import ROWS_AT_ONCE, follow_cies
from .decision_field import keep_decision_attribute, keep_decision_field
from .draft import Draft
from .journal import OBJECTS, Header, discard, headers_by_id
from .lock import CONNECTIONS_TRIED, PATIENCE_SECONDS, Lock, LockLost, is_pending, take_lock
from .recovery import carry_out, recover, recover_abandoned
from .resolution import Resolution, resolution_of
from .state import Made

LAST_ITERATION = -1
"""What a header says of the iteration until the last one is looked up."""
LONGEST_NOTE = 10_000
PAUSE_SECONDS = 0.02

logger = logging.getLogger(__name__)


class DecisionPending(RuntimeError):
    """The database went away while a decision was carried out; it is applied when it is back."""


def commit(run: Run, header: Header, plan: Callable[[Draft], None]) -> Resolution:
    """Write a decision to the journal and carry it out.

    Args:
        run: the run
        header: what the journal says of the decision as a whole
        plan: fills the draft with the samples and their changes

    Raises:
        InputError: on bad input, with nothing changed
        DecisionPending: if the database went away when the decision counted or may have counted
    """
    lock, draft = _written(run, header, plan)
    if not draft.header["samples"]:
        return resolution_of(draft.header, draft.conflicts, made=False)
    done = _carried_out(lock, run, draft)
    if done.get("on") == OBJECTS:  # their cells are counted in memory alone
        return resolution_of(done, draft.conflicts, made=True)
    try:
        follow_cies(run, draft.id, _made(draft, done))
    except Exception:  # the decision is made; the field follows with the next one or iteration
        logger.exception("the field '%s' does not follow decision %s", run.field("cies"), draft.id)
    return resolution_of(done, draft.conflicts, made=True)


def _made(draft: Draft, done: Header) -> Made | None:
    """What this process knows of a small decision that it has just made as it was planned."""
    if draft.entries is None or len(draft.entries) > ROWS_AT_ONCE:
        return None
    if done["conflicts"] != draft.header["conflicts"]:
        return None
    kinds = {str(entry["sample_id"]): entry["kind_after"] for entry in draft.entries}
    last = None if draft.now.last is None else load_iteration(draft.now.last)
    return Made(draft.id, done["seq"], kinds, last, draft.schema)


class _NotCommitted(Exception):
    """The lock was lost before the decision counted; nothing of it is left."""


def _written(run: Run, header: Header, plan: Callable[[Draft], None]) -> tuple[Lock, Draft]:
    """A decision that is in the journal and counts, unless it changes no sample."""
    asked_after: list[int] = []
    for _ in range(CONNECTIONS_TRIED - 1):
        with contextlib.suppress(_NotCommitted):
            return _write_once(run, header, plan, asked_after)
    try:
        return _write_once(run, header, plan, asked_after)
    except _NotCommitted as error:
        raise error.__cause__ or error from None


def _write_once(
    run: Run, header: Header, plan: Callable[[Draft], None], asked_after: list[int]
) -> tuple[Lock, Draft]:
    """One attempt at that.

    Args:
        run: the run
        header: what the journal says of the decision as a whole
        plan: fills the draft
        asked_after: of each attempt, the last token under which writing had ended before it

    Raises:
        _NotCommitted: if the lock or the connection was lost before; nothing is left of it then
    """
    lock, decision = take_lock(run.owner["dataset_id"]), ObjectId()
    asked_after.append(lock.asked_after)
    draft: Draft | None = None
    try:
        recover(lock, run)
        now = dataset_now(run)
        on_objects = check_current(run, now)
        last = last_on_objects(run) if on_objects else now.last
        iteration = _iteration_number(run, header["iteration"], last)
        fresh = {**header, "_id": decision, "iteration": iteration}
        fresh |= {"on": OBJECTS} if on_objects else {}
        draft = Draft(run, lock, fresh, now, asked_after[0])
        keep = keep_decision_attribute if on_objects else keep_decision_field
        draft.schema = keep(run, now.schema)
        # FiftyOne takes a field off the samples before it is declared no more. What the last
        # decision wrote in between was noticed by nobody.
        take_off_undeclared(run.dataset, lock.wrote, schema=draft.schema)
        steps.reached("lock")
        draft.write(plan)
        if draft.header["samples"]:
            steps.reached("written")
            lock.commit(draft.id)
        else:
            lock.release()
    except BaseException as error:
        if _withdrawn(lock, decision) or draft is None:
            if isinstance(error, LockLost | ConnectionFailure):
                raise _NotCommitted from error
            raise
    return lock, draft


def _withdrawn(lock: Lock, decision: ObjectId) -> bool:
    """Take a decision back after an error, unless it counts; whether it is taken back.

    The error may be that of a commit whose reply was lost. So the database is asked, and first made
    to refuse a commit that is still under way.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if lock.withdraw(decision):
                return discard(decision)
            header = headers_by_id([decision]).get(decision)
            if header is not None and header["state"] == "applied":
                return False
            if is_pending(lock.dataset_id, decision):
                return False
            # Somebody took the lock over, who would have applied it if it had counted.
            if discard(decision):
                return True
        except ConnectionFailure as error:
            if time.monotonic() > deadline:
                raise DecisionPending(
                    f"The database went away while decision {decision} was written, and does not "
                    "answer. It is done completely or not at all as soon as it does; look at the "
                    "run then."
                ) from error
            time.sleep(PAUSE_SECONDS)


def _carried_out(lock: Lock, run: Run, draft: Draft) -> Header:
    """Apply a decision that counts, or wait for whoever does; the header as it is then kept."""
    try:
        if lock.pending == draft.id:
            steps.reached("committed")
            return carry_out(lock, run, draft.header, planned=draft.entries, schema=draft.schema)
    except (LockLost, ConnectionFailure):
        logger.warning("decision %s is applied by whoever comes next", draft.id)
    finally:
        with contextlib.suppress(ConnectionFailure):
            lock.release()
    return _applied_by_another(run, lock, draft.id)


def _applied_by_another(run: Run, lock: Lock, decision: ObjectId) -> Header:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            lock.release()  # where the connection broke before that, too
            header = headers_by_id([decision]).get(decision)
            if header is None:
                raise InputError(
                    f"The decision was carried out, and run '{run.key}' was deleted right after "
                    "it: it can no longer be undone"
                )
            if header["state"] == "applied":
                return header
            recover_abandoned(run)
        except ConnectionFailure as error:
            if time.monotonic() > deadline:
                raise DecisionPending(
                    f"Decision {decision} counts, and the database went away before all of it was "
                    "done. The rest is done as soon as somebody decides or looks at the run."
                ) from error
        time.sleep(PAUSE_SECONDS)


def header_of(
    run: Run, action: str, author: str | None, note: str | None, iteration: int | None
) -> Header:
    """What the journal says of a new decision as a whole; InputError on bad values.

    The iteration is looked up when the decision is written: ``LAST_ITERATION`` becomes the number
    of the last, or None where there is none.
    """
    for name, value, longest in (("author", author, 1_000), ("note", note, LONGEST_NOTE)):
        if value is not None and (not isinstance(value, str) or len(value) > longest):
            raise InputError(f"{name} must be a text of at most {longest} characters")
    return {
        **run.owner,
        "label_field": run.label_field,
        "action": action,
        "author": author if author is not None else _user(),
        "note": note,
        "iteration": iteration,
        "label": None,
        "tag": None,
        "undoes": None,
        "created_at": datetime.now(UTC),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user, as in some containers
        return "unknown"


def _iteration_number(run: Run, number: int | None, last: Mapping[str, Any] | None) -> int | None:
    """The number of the iteration that an author looked at.

    Raises:
        InputError: if there is no such iteration
    """
    if number == LAST_ITERATION:
        return last["number"] if last else None
    if number is None or (last is not None and last["number"] == number):
        return number
    query = {**run.owner, "number": number}
    kept_in = (ITERATIONS, ON_OBJECTS)
    if all(collection_of(name).find_one(query, {"_id": 1}) is None for name in kept_in):
        raise InputError(f"Run '{run.key}' has no iteration {number!r}")
    return number
