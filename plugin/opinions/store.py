"""Requests for a second opinion, and what was answered: kept with their run.

A request is one document, and each of its items another one. The request is written last, so that
what a process that dies leaves behind is never seen. An answer is one update on condition that
there is none yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from ..errors import InputError
from ..store.database import collection_of, connection
from ..store.runs import Run

REQUESTS = "deconfuse.opinions"
ITEMS = "deconfuse.opinion_samples"
ITEMS_A_WRITE = 10_000

NO_CLASS = ""
"""What is kept, on objects, of who says that nothing is there: no class is called so."""


class Put(NamedTuple):
    """What is put to somebody: a sample, or one label of a set with its outline, or its tag."""

    sample_id: ObjectId
    first: str
    item_id: ObjectId | None = None
    box: list[float] | None = None
    tag: str | None = None


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        number: counts the run's requests from 1
        to: who is asked
        about: what the items are, in words
        iteration: the iteration that the probable classes are of
    """

    id: ObjectId
    number: int
    to: str
    about: str
    asked_by: str
    asked_at: datetime
    iteration: int
    size: int


@dataclass(frozen=True)
class Item:
    """One sample of a request, or one label of a set.

    Attributes:
        place: its place in the order of the request
        first: the label that it had when the request was made; ``NO_CLASS`` where none was there
        second: the class that was answered, ``NO_CLASS`` for nothing, None where there is no answer
        unclear: whether the answer was that nobody can tell
        revision: the last decision of the run when it was answered
        item_id: the label, or the missing object; None of a sample
        box: its outline when the request was made, None without one
        tag: of a tag its name, whether it was there or not
    """

    place: int
    sample_id: ObjectId
    first: str
    second: str | None
    unclear: bool
    revision: int
    item_id: ObjectId | None = None
    box: list[float] | None = None
    tag: str | None = None

    @property
    def unit_id(self) -> ObjectId:
        """What the item is: the id of its label, or of its sample."""
        return self.sample_id if self.item_id is None else self.item_id

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        return self.second is not None or self.unclear


def _collection(name: str) -> Any:
    _ensure_indexes(connection())
    return collection_of(name)


@cache
def _ensure_indexes(client: Any) -> None:
    owner = [("dataset_id", 1), ("run_key", 1)]
    collection_of(REQUESTS).create_index([*owner, ("number", 1)], unique=True)
    collection_of(ITEMS).create_index([("request", 1), ("place", 1)], unique=True)


def insert_request(run: Run, header: Mapping[str, Any], items: Sequence[Put]) -> Asked:
    """Keep a request.

    Args:
        run: the run
        header: ``to``, ``about``, ``asked_by``, ``iteration``
        items: what is put, in the order in which it is to be judged
    """
    request = ObjectId()
    new = [
        {
            **run.owner,
            "request": request,
            "place": place,
            "sample_id": put.sample_id,
            "first": put.first,
            **({} if put.item_id is None else {"item_id": put.item_id, "box": put.box}),
            **({} if put.tag is None else {"tag": put.tag}),
            "second": None,
            "unclear": False,
            "revision": 0,
        }
        for place, put in enumerate(items)
    ]
    for start in range(0, len(new), ITEMS_A_WRITE):
        _collection(ITEMS).insert_many(new[start : start + ITEMS_A_WRITE], ordered=False)
    document = {
        **run.owner,
        **header,
        "_id": request,
        "asked_at": datetime.now(UTC),
        "size": len(new),
    }
    while True:
        last = _collection(REQUESTS).find_one(run.owner, sort=[("number", -1)])
        document["number"] = 1 + (last["number"] if last else 0)
        try:
            _collection(REQUESTS).insert_one(document)
        except DuplicateKeyError:  # somebody else asked in the same moment
            continue
        return _asked(document)


def requests_of(run: Run) -> list[Asked]:
    """All requests of a run, the last first."""
    return [_asked(found) for found in _collection(REQUESTS).find(run.owner).sort("number", -1)]


def load_request(run: Run, request: str | None) -> Asked:
    """One request, the last one if none is named.

    Raises:
        InputError: if the run has none of that id, or none at all
    """
    if request is None:
        found = _collection(REQUESTS).find_one(run.owner, sort=[("number", -1)])
        if found is None:
            raise InputError(f"Run '{run.key}' has no request for a second opinion yet.")
        return _asked(found)
    valid = ObjectId.is_valid(request)
    query = {**run.owner, "_id": ObjectId(request)} if valid else None
    found = _collection(REQUESTS).find_one(query) if query else None
    if found is None:
        raise InputError(f"Run '{run.key}' has no request for a second opinion {request!r}")
    return _asked(found)


def _asked(document: Mapping[str, Any]) -> Asked:
    names = ("number", "to", "about", "asked_by", "asked_at", "iteration", "size")
    return Asked(document["_id"], **{name: document[name] for name in names})


def items_of(asked: Asked) -> list[Item]:
    """The items of a request, in their order."""
    found = _collection(ITEMS).find({"request": asked.id}).sort("place", 1)
    return [_item(document) for document in found]


def _item(document: Mapping[str, Any]) -> Item:
    names = ("place", "sample_id", "first", "second", "unclear", "revision")
    of_label = {name: document[name] for name in ("item_id", "box", "tag") if name in document}
    return Item(**{name: document[name] for name in names}, **of_label)


def put_before(
    run: Run, to: str, ids: Sequence[ObjectId], unit: str = "sample_id"
) -> set[ObjectId]:
    """Those of some samples, or labels, that were put to a person before.

    Args:
        run: the run
        to: the person
        ids: what is asked about
        unit: of what these are the ids: ``sample_id`` or ``item_id``
    """
    numbers = [asked.id for asked in requests_of(run) if asked.to == to]
    query = {"request": {"$in": numbers}, unit: {"$in": list(ids)}}
    return {found[unit] for found in _collection(ITEMS).find(query, {unit: 1})}


def write_answer(asked: Asked, place: int, values: Mapping[str, Any]) -> bool:
    """Keep an answer; whether there was none yet."""
    unanswered = {"request": asked.id, "place": place, "second": None, "unclear": False}
    kept = {**values, "answered_at": datetime.now(UTC)}
    return _collection(ITEMS).update_one(unanswered, {"$set": kept}).modified_count == 1


def take_answer_back(asked: Asked, place: int) -> bool:
    """Forget an answer; whether there was one."""
    answered = {
        "request": asked.id,
        "place": place,
        "$or": [{"second": {"$ne": None}}, {"unclear": True}],
    }
    nothing = {"$set": {"second": None, "unclear": False, "revision": 0}}
    return _collection(ITEMS).update_one(answered, nothing).modified_count == 1


def all_answers(run: Run) -> Iterator[tuple[str, str, str]]:
    """Every answer of a run that names a class: sample id, who, class; earlier requests first."""
    for asked in reversed(requests_of(run)):
        query = {"request": asked.id, "second": {"$ne": None}}
        for found in _collection(ITEMS).find(query, {"sample_id": 1, "second": 1}):
            yield str(found["sample_id"]), asked.to, found["second"]


def all_item_answers(run: Run) -> Iterator[tuple[Item, str]]:
    """Every answer of a run on objects but *cannot tell*, with who gave it; earlier ones first."""
    for asked in reversed(requests_of(run)):
        for item in items_of(asked):
            if item.second is not None and item.item_id is not None:
                yield item, asked.to
