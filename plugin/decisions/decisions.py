"""Decisions: resolve samples and undo what was resolved, journalled first and applied once."""

from __future__ import annotations

import contextlib
import getpass
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import fiftyone.core.odm as foo
from bson import ObjectId
from pymongo.errors import ConnectionFailure

from ..errors import InputError
from ..store.iterations import COLLECTION as ITERATIONS
from ..store.label_field import check_current
from ..store.runs import Run
from ..store.samples import Schema, schema_of, take_off_undeclared
from . import steps
from .apply import apply_decision, recover, recover_abandoned
from .cies_field import follow_cies
from .decision_field import keep_decision_field
from .journal import (
    Header,
    discard,
    entries,
    headers,
    headers_by_id,
    was_lost,
)
from .lock import (
    CONNECTIONS_TRIED,
    PATIENCE_SECONDS,
    Lock,
    LockLost,
    is_pending,
    last_token,
    take_lock,
)
from .plan import Draft, Request, plan_resolve, plan_undo
from .standing import standing

CONFLICTS_SHOWN = 100
LONGEST_NOTE = 10_000
PAUSE_SECONDS = 0.02

logger = logging.getLogger(__name__)


class DecisionPending(RuntimeError):
    """The database went away while a decision was carried out; it is applied when it is back."""


@dataclass(frozen=True)
class Resolution:
    """What became of one call of :func:`resolve` or :func:`undo`.

    Attributes:
        decision: the decision's id; None where no sample could be changed, and none was made
        action: ``relabel``, ``confirm``, ``remove``, ``tag`` or ``undo``
        applied: number of samples that were changed
        conflict_count: number of samples that were left alone
        conflicts: the first of them, each ``{sample_id, reason, expected, found}``; the reason is
            ``relabeled`` (its label is not the expected one), ``deleted``, ``exists`` (undo of a
            removal finds its id or file in use), ``already`` (the same was decided at the same
            time), ``no_field`` (the label field was deleted), ``busy``, ``too_large`` or ``error``
        undoes: the id of the decision that was taken back
        seq: the decision's place among all decisions on the dataset; it grows
        basis: the audit or check that it rests on, if any
        left_out: by field that is no longer declared, how many samples came back without their
            value of it; the journal keeps the values
    """

    decision: str | None
    action: str
    run_key: str
    iteration: int | None
    applied: int
    conflict_count: int
    conflicts: tuple[dict[str, Any], ...] = field(default=())
    label: str | None = None
    tag: str | None = None
    undoes: str | None = None
    author: str | None = None
    note: str | None = None
    created_at: str | None = None
    seq: int | None = None
    basis: dict[str, Any] | None = None
    left_out: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The resolution as plain, JSON-ready values."""
        return {**asdict(self), "conflicts": [dict(c) for c in self.conflicts]}


def resolve(
    run: Run,
    action: str,
    sample_ids: Sequence[str],
    *,
    label: str | None = None,
    tag: str | None = None,
    expected_label: str | Mapping[str, str | None] | None = None,
    note: str | None = None,
    author: str | None = None,
    iteration: int | None = None,
    basis: Mapping[str, Any] | None = None,
    seen: int | None = None,
) -> Resolution:
    """Relabel, confirm, remove or tag samples: one decision, however many samples.

    Args:
        run: the run
        action: ``relabel`` (needs ``label``), ``confirm``, ``remove`` or ``tag`` (needs ``tag``)
        sample_ids: the samples; repeated ids count once
        label: the label that ``relabel`` gives
        tag: the tag that ``tag`` adds
        expected_label: the label that the author saw, for all samples or by sample id; samples
            with another one are left alone. By default what they have at the time of the call
        note: a remark for the audit trail
        author: who decided; by default the user of this process
        iteration: the iteration that the author looked at, by default the run's last
        basis: what the decision rests on, kept with it: the audit that it is a verdict of, or the
            random check that was made before (see ``audits.py`` and ``checks.py``)
        seen: the ``seq`` of the last decision that the author had seen, by default of the last one
            made; the same decision of the same author made since counts once

    Raises:
        InputError: on bad input, with nothing changed
    """
    request = Request.checked(action, sample_ids, label, tag, expected_label)
    last = last_token(run.owner["dataset_id"])
    request = replace(request, seen=last if seen is None else min(seen, last))
    header = header_of(run, action, author, note, _iteration_number(run, iteration))
    return commit(
        run,
        header | {"label": label, "tag": tag, "basis": dict(basis) if basis else None},
        lambda draft: plan_resolve(draft, request),
    )


def undo(run: Run, decision: str | None = None, *, author: str | None = None) -> Resolution:
    """Take a decision back exactly; undoing an undo does the decision again.

    Args:
        run: the run
        decision: its id; by default the last one that stands, of ``author`` if one is given
        author: who takes it back

    Raises:
        InputError: if there is no such decision, it was already taken back, or a later decision
            stands on one of its samples; nothing is changed
    """
    if decision is not None and not (isinstance(decision, str) and ObjectId.is_valid(decision)):
        raise InputError(f"decision must be the id of a decision, got {decision!r}")
    header = header_of(run, "undo", author, None, _iteration_number(run, None))

    def plan(draft: Draft) -> None:
        target = _named(run, decision) if decision else _last_standing(run, author)
        plan_undo(draft, target)

    return commit(run, header, plan)


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
    lock, draft, schema = _written(run, header, plan)
    if not draft.header["samples"]:
        return _resolution(draft.header, draft.conflicts, made=False)
    done = _carried_out(lock, run, draft, schema)
    try:
        follow_cies(run, draft.id)
    except Exception:  # the decision is made; the field follows with the next one or iteration
        logger.exception("the field '%s' does not follow decision %s", run.field("cies"), draft.id)
    return _resolution(done, draft.conflicts, made=True)


class _NotCommitted(Exception):
    """The lock was lost before the decision counted; nothing of it is left."""


def _written(run: Run, header: Header, plan: Callable[[Draft], None]) -> tuple[Lock, Draft, Schema]:
    """A decision that is in the journal and counts, unless it changes no sample."""
    for _ in range(CONNECTIONS_TRIED - 1):
        with contextlib.suppress(_NotCommitted):
            return _write_once(run, header, plan)
    try:
        return _write_once(run, header, plan)
    except _NotCommitted as error:
        raise error.__cause__ or error from None


def _write_once(
    run: Run, header: Header, plan: Callable[[Draft], None]
) -> tuple[Lock, Draft, Schema]:
    """One attempt at that.

    Raises:
        _NotCommitted: if the lock or the connection was lost before; nothing is left of it then
    """
    schema = schema_of(run.dataset)
    lock = take_lock(run.owner["dataset_id"])
    draft = Draft(run, lock, {**header, "_id": ObjectId()})
    try:
        recover(lock, run)
        check_current(run)
        schema = keep_decision_field(run, schema)
        # FiftyOne takes a field off the samples before it is declared no more. What the last
        # decision wrote in between was noticed by nobody.
        take_off_undeclared(run.dataset, lock.wrote, schema=schema)
        steps.reached("lock")
        draft.write(plan)
        if draft.header["samples"]:
            steps.reached("written")
            lock.commit(draft.id)
        else:
            lock.release()
    except BaseException as error:
        if _withdrawn(lock, draft.id):
            if isinstance(error, LockLost | ConnectionFailure):
                raise _NotCommitted from error
            raise
    return lock, draft, schema


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


def _carried_out(lock: Lock, run: Run, draft: Draft, schema: Schema) -> Header:
    """Apply a decision that counts, or wait for whoever does; the header as it is then kept."""
    try:
        if lock.pending == draft.id:
            steps.reached("committed")
            return apply_decision(lock, run, draft.header, planned=draft.entries, schema=schema)
    except (LockLost, ConnectionFailure):
        logger.warning("decision %s is applied by whoever comes next", draft.id)
    finally:
        with contextlib.suppress(ConnectionFailure):
            lock.release()
    return _applied_by_another(run, lock, draft.id)


def header_of(
    run: Run, action: str, author: str | None, note: str | None, iteration: int | None
) -> Header:
    """What the journal says of a new decision as a whole; InputError on bad values."""
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


def _iteration_number(run: Run, number: int | None) -> int | None:
    query = run.owner if number is None else {**run.owner, "number": number}
    document = foo.get_db_conn()[ITERATIONS].find_one(query, {"number": 1}, sort=[("number", -1)])
    if document is None and number is not None:
        raise InputError(f"Run '{run.key}' has no iteration {number!r}")
    return document["number"] if document else None


def _named(run: Run, decision: str) -> Header:
    header = headers().find_one({**run.owner, "_id": ObjectId(decision), "state": "applied"})
    if header is None:
        raise InputError(f"Run '{run.key}' has no decision {decision}")
    return header


def _last_standing(run: Run, author: str | None) -> Header:
    """The last decision that stands on at least one sample."""
    for header in standing(run, author):
        return _named(run, str(header["_id"]))
    whose = "" if author is None else f" of '{author}'"
    raise InputError(f"Run '{run.key}' has no decision{whose} that could be undone")


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


def _late_conflicts(header: Header) -> Iterable[dict[str, Any]]:
    query = {"decision": header["_id"], f"lost.{header['finisher']}": {"$exists": True}}
    for entry in entries().find(query).limit(CONFLICTS_SHOWN):
        why = was_lost(entry, header) or {}
        yield {
            "sample_id": str(entry["sample_id"]),
            "reason": why["reason"],
            "expected": entry["label_before"],
            "found": why["found"],
        }


def _resolution(header: Header, planned: list[dict[str, Any]], *, made: bool) -> Resolution:
    conflicts = planned[:CONFLICTS_SHOWN]
    left_out = header.get("left_out", {})
    if made and header["applied"] < header["samples"]:
        conflicts = [*conflicts, *_late_conflicts(header)][:CONFLICTS_SHOWN]
        made = header["applied"] > 0
    return Resolution(
        decision=str(header["_id"]) if made else None,
        action=header["action"],
        run_key=header["run_key"],
        iteration=header["iteration"],
        applied=header["applied"] if made else 0,
        conflict_count=header["conflicts"],
        conflicts=tuple(conflicts),
        label=header["label"],
        tag=header["tag"],
        undoes=str(header["undoes"]) if header["undoes"] else None,
        author=header["author"],
        note=header["note"],
        created_at=utc_text(header["created_at"]),
        seq=header["seq"] if made else None,
        basis=header.get("basis"),
        left_out=left_out,
    )


def utc_text(moment: datetime) -> str:
    """A time as ISO 8601 in UTC, to the millisecond.

    Example:
        >>> utc_text(datetime(2024, 2, 29, 12, 0, 0, 5000))
        '2024-02-29T12:00:00.005Z'
    """
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"
