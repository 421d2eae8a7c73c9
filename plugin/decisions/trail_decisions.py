"""Decisions out of the rows of an audit trail: everything is checked before any is made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import bson
from bson.errors import BSONError

from ..errors import InputError, content
from ..json_stream import loads
from ..values import LONGEST_TEXT
from .changes import ACTIONS, KEEP_ALL
from .commit import LONGEST_NOTE
from .decision_file import OF_OBJECTS, Row
from .object_changes import KIND_OF
from .trail_boxes import box_problem
from .trail_reading import read_rows, shown

UNDO = "undo"
LONGEST = {"author": 1_000, "note": LONGEST_NOTE}
DEEPEST_BASIS = 20
FIRST_YEAR, LAST_YEAR = 1970, 2999
UNCHANGED = ("confirm", "tag", "move", KEEP_ALL)
"""Actions after which a sample's label is what it was."""

SHARED = ("seq", "time", "author", "action", "undoes", "tag", "note", "iteration", "dataset")
SHARED += ("run_key", "label_field", "basis")
"""Columns that say the same in all rows of a decision."""

_ID = re.compile(r"[0-9a-fA-F]{24}")


class TrailRow(NamedTuple):
    """What a decision did to one sample, or one of its objects.

    Attributes:
        label_id: of an object, the id of the label or missing object
        box_before: of an object
        box_after: of an object
        proposed: of a missing object, the class that it was proposed as
    """

    sample_id: str
    filepath: str | None
    label_before: str | None
    label_after: str | None
    label_id: str | None = None
    box_before: list[float] | None = None
    box_after: list[float] | None = None
    proposed: str | None = None

    @property
    def about(self) -> str:
        """The id of what the decision was made on: the label's on objects, else the sample's."""
        return self.sample_id if self.label_id is None else self.label_id


@dataclass
class TrailDecision:
    """A decision of a file.

    Attributes:
        first: the number of its first row
        values: the columns that its rows share, as the file has them
        time: when it was made
        basis: what it rests on
    """

    id: str
    first: int
    values: Row
    time: datetime
    basis: dict[str, Any] | None
    rows: list[TrailRow] = field(default_factory=list)

    @property
    def action(self) -> str:
        """``relabel``, ``confirm``, ``remove``, ``tag``, ``keep_all`` or ``undo``."""
        return self.values["action"]

    @property
    def label(self) -> str | None:
        """The label that a relabel gives; None where each row has one of its own."""
        given = self.action == "relabel" and not self.of_consensus
        return self.rows[0].label_after if given else None

    @property
    def of_consensus(self) -> bool:
        """Whether it accepts a consensus, so that each sample gets a label of its own."""
        basis = self.basis or {}
        checked = basis.get("kind") == "check" and "becomes" in basis
        return self.action == "relabel" and checked and basis["becomes"] is None


def read_decisions(
    path: str | Path, run_key: str, label_field: str, *, on_objects: bool = False
) -> list[TrailDecision]:
    """All decisions of a file in their order, once every value of it was found to be usable.

    Args:
        path: a file of ``export_decisions``
        run_key: the run that is to receive them, for messages
        label_field: the label field that it cleans
        on_objects: whether that run is on objects

    Raises:
        InputError: if anything in the file cannot be used; the message names row and column
    """
    found: dict[str, TrailDecision] = {}
    samples: dict[str, set[str]] = {}
    for number, read in enumerate(read_rows(path), start=1):
        row = {**dict.fromkeys(OF_OBJECTS), **read}
        where = f"'{path}', row {number}: "
        problem = _problem(row)
        if problem:
            raise InputError(where + problem)
        if (row["label_id"] is not None) != on_objects:
            kinds = ("samples", "objects")
            raise InputError(
                f"{where}the file holds decisions on {kinds[not on_objects]}, and run '{run_key}' "
                f"is on {kinds[on_objects]}"
            )
        if row["label_field"] not in (None, label_field):
            raise InputError(
                f"{where}label_field is {content(shown(row['label_field']))}: the file holds "
                f"decisions on label field '{content(row['label_field'][:100])}', and run "
                f"'{run_key}' cleans '{label_field}'"
            )
        decision = row["decision"].lower()
        name = "label_id" if on_objects else "sample_id"
        about = row[name].lower()
        if decision not in found:
            found[decision] = _opened(decision, number, row, where)
            samples[decision] = set()
        _check_beside(found[decision], row, where)
        if about in samples[decision]:
            raise InputError(f"{where}{name} {about} comes twice in decision {decision}")
        samples[decision].add(about)
        found[decision].rows.append(_row_of(row))
    ordered = sorted(found.values(), key=lambda made: made.values["seq"])
    _check_order(ordered, samples, path)
    return ordered


def _row_of(row: Row) -> TrailRow:
    """What a row says of what it is about, once it was checked."""
    return TrailRow(
        sample_id=row["sample_id"].lower(),
        filepath=row["filepath"],
        label_before=row["label_before"],
        label_after=row["label_after"],
        label_id=row["label_id"] and row["label_id"].lower(),
        box_before=loads(row["box_before"]) if row["box_before"] else None,
        box_after=loads(row["box_after"]) if row["box_after"] else None,
        proposed=row["proposed"],
    )


def _problem(row: Row) -> str | None:
    """What is wrong with a row, if anything."""
    action = row["action"]
    known = (*(ACTIONS if row["label_id"] is None else KIND_OF), KEEP_ALL, UNDO)
    if action not in known:
        return f"action must be one of {', '.join(known)}, got {content(shown(action))}"
    for name, value in row.items():
        problem = _text_problem(name, value) if isinstance(value, str) else None
        if problem:
            return problem
    of_object = ("label_id",) if row["label_id"] is not None else ()
    for name in ("decision", "sample_id", *of_object, *(("undoes",) if action == UNDO else ())):
        if not _ID.fullmatch(row[name] or ""):
            return f"{name} must be an id of 24 hexadecimal digits, got {content(shown(row[name]))}"
    for name, owner in (("undoes", UNDO), ("tag", "tag")):
        if action != owner and row[name] is not None:
            return f"{name} goes with action '{owner}', not with '{action}'"
    return (
        _label_problem(row)
        or box_problem(row)
        or _time_problem(row["time"])
        or _basis_problem(row["basis"])
    )


def _text_problem(name: str, value: str) -> str | None:
    longest = LONGEST.get(name, LONGEST_TEXT)
    if len(value) > longest:
        return f"{name} must have at most {longest:,} characters, got {len(value):,}"
    try:
        value.encode()
    except UnicodeEncodeError as error:
        return f"{name} is no valid Unicode text: {error.reason}"
    return None


def _label_problem(row: Row) -> str | None:
    action, before, after = row["action"], row["label_before"], row["label_after"]
    if action in ("relabel", "add") and after is None:
        return f"label_after is empty, and the action is {action}"
    if action == "add" and before is not None:
        return f"label_before must be empty, since the action is add, got {content(shown(before))}"
    if action == "remove" and after is not None:
        return f"label_after must be empty, since the action is remove, got {content(shown(after))}"
    if action in UNCHANGED and before != after:
        return (
            f"label_after must be the label before, {content(shown(before))}, since the action is "
            f"{action}, got {content(shown(after))}"
        )
    if action == "tag" and not row["tag"]:
        return "tag is empty, and the action is tag"
    return None


def _time_problem(text: str) -> str | None:
    try:
        moment = _time(text)
    except (ValueError, OverflowError):
        return f"time must be a time in ISO 8601, got {content(shown(text))}"
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return f"time must be between {FIRST_YEAR} and {LAST_YEAR}, got {content(shown(text))}"
    return None


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _basis_problem(text: str | None) -> str | None:
    if not text:
        return None
    wanted = f"basis must be a JSON object, got {content(shown(text))}"
    try:
        basis = loads(text)
    except ValueError as error:
        return f"{wanted}: {str(error)[:100]}"
    if not isinstance(basis, dict):
        return wanted
    try:
        problem = _name_problem(basis, DEEPEST_BASIS)
        if problem is None:
            bson.encode(basis)
    except (BSONError, OverflowError, RecursionError, TypeError, ValueError) as error:
        return (
            f"basis cannot be kept by the database: {str(error)[:100]}; got {content(shown(text))}"
        )
    return f"basis {problem}; got {content(shown(text))}" if problem else None


def _name_problem(value: Any, depth: int) -> str | None:
    if depth == 0:
        return f"is nested deeper than {DEEPEST_BASIS} levels"
    if isinstance(value, dict):
        for name in value:
            if not name or "\0" in name or name.startswith("$"):
                return f"has the name {content(shown(name))}, which the database does not keep"
        value = list(value.values())
    inside: Iterable[Any] = value if isinstance(value, list) else ()
    return next((p for p in (_name_problem(v, depth - 1) for v in inside) if p), None)


def _opened(decision: str, number: int, row: Row, where: str) -> TrailDecision:
    values = {name: row[name] for name in SHARED}
    if values["undoes"] is not None:
        values["undoes"] = values["undoes"].lower()
        if values["undoes"] == decision:
            raise InputError(f"{where}undoes names the decision itself")
    basis = loads(row["basis"]) if row["basis"] else None
    return TrailDecision(decision, number, values, _time(row["time"]), basis)


def _check_beside(decision: TrailDecision, row: Row, where: str) -> None:
    """InputError where a row says other things of its decision than the decision's first row."""
    said = {**row, "undoes": row["undoes"] and row["undoes"].lower()}
    shared = [(name, decision.values[name]) for name in SHARED]
    if decision.action == "relabel" and decision.rows and not decision.of_consensus:
        shared.append(("label_after", decision.rows[0].label_after))
    for name, first in shared:
        if said[name] != first:
            raise InputError(
                f"{where}{name} is {content(shown(said[name]))}, and row {decision.first} of the "
                f"same decision says {content(shown(first))}"
            )


def _check_order(
    ordered: list[TrailDecision], samples: dict[str, set[str]], path: str | Path
) -> None:
    """InputError where decisions share a place, or undo what was not decided before."""
    earlier: dict[str, TrailDecision] = {}
    places: dict[int, TrailDecision] = {}
    for decision in ordered:
        where = f"'{path}', row {decision.first}: "
        other = places.setdefault(decision.values["seq"], decision)
        if other is not decision:
            raise InputError(
                f"{where}seq {decision.values['seq']} is that of row {other.first} too, which "
                "belongs to another decision. Import files of several datasets one by one"
            )
        undone = decision.values["undoes"]
        if undone in samples:
            if undone not in earlier:
                raise InputError(f"{where}undoes names a decision whose seq is not smaller")
            strange = next((r for r in decision.rows if r.about not in samples[undone]), None)
            if strange is not None:
                name = "sample_id" if strange.label_id is None else "label_id"
                raise InputError(
                    f"{where}{name} {strange.about} is undone, and decision {undone} does "
                    "not name it"
                )
        earlier[decision.id] = decision
