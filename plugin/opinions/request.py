"""Asking for a second opinion: which samples, of whom, and what keeps them from being asked."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from bson import ObjectId

from ..decisions.changes import label_of
from ..decisions.given_labels import GivenItem, GivenLabel, given_labels
from ..decisions.request import check_text
from ..decisions.state import current_state
from ..errors import InputError
from ..store.iterations import Iteration, unpack_ids
from ..store.runs import Run
from ..store.samples import samples_of
from .store import Asked, Put, insert_request, put_before, requests_of

LARGEST = 20_000
LONGEST_NAME = 200


@dataclass(frozen=True)
class Made:
    """A request that was made.

    Attributes:
        left_out: how many samples, or labels, were not asked about, by reason
    """

    asked: Asked
    left_out: dict[str, int]


def request_second_opinion(
    run: Run,
    to: str,
    *,
    sample_ids: Sequence[str] | None = None,
    cell: tuple[str, str] | None = None,
    decisions_of: str | None = None,
    n: int | None = None,
    seed: int | None = None,
    author: str | None = None,
) -> Made:
    """Put samples to another person, to be judged blind, in an order that tells nothing.

    Args:
        run: the run
        to: who is asked: a name that others know them by
        sample_ids: the samples; or
        cell: the label and the prediction whose open samples are meant; or
        decisions_of: whose confirmed and given labels are meant, where their decision stands
        n: so many of them, drawn at random; by default all
        seed: of the random numbers
        author: who asks

    Raises:
        InputError: on bad input, or if no sample is left to ask about; nothing is changed
    """
    draw = Draw.checked(to, (sample_ids, cell, decisions_of), n, seed, "sample_ids")
    if decisions_of is not None:
        about, ids = f"decisions of {decisions_of}", _decided_by(run, decisions_of, draw.to)
    elif cell is not None:
        about, ids = f"{cell[0]} predicted {cell[1]}", _of_cell(run, cell)
    else:
        about, ids = "a selection", checked_ids("sample_ids", sample_ids or [])
    left: dict[str, int] = {}
    items = _askable(run, draw.to, ids, left)
    return draw.put(run, about, items, left, author, run.iteration().number)


@dataclass(frozen=True)
class Draw:
    """Who is asked, and about how many of the items that could be asked about."""

    to: str
    n: int | None
    seed: int | None
    noun: str

    @classmethod
    def checked(
        cls, to: Any, named: Sequence[Any], n: Any, seed: Any, ids: str, noun: str = "sample"
    ) -> Draw:
        """What was asked for, or InputError where it cannot be used.

        Args:
            to: who is asked
            named: the ids, the cell and the person of whose decisions is asked, one of which is
                given
            n: how many
            seed: of the random numbers
            ids: what the ids are called as a parameter
            noun: what is asked about
        """
        name = _checked_name("to", to)
        if sum(v is not None for v in named) != 1:
            raise InputError(
                f"Name what to ask about by one of {ids}, label and prediction, and decisions_of."
            )
        whole = isinstance(n, int) and not isinstance(n, bool)
        if n is not None and (not whole or not 1 <= n <= LARGEST):
            raise InputError(f"n must be a whole number from 1 to {LARGEST:,}, got {n!r}")
        if seed is not None and seed < 0:
            raise InputError(f"seed must be a whole number from 0, got {seed}")
        return cls(name, n, seed, noun)

    def put(
        self,
        run: Run,
        about: str,
        items: Sequence[Put],
        left: dict[str, int],
        author: str | None,
        iteration: int,
    ) -> Made:
        """Keep the request, in an order that tells nothing.

        Args:
            run: the run
            about: what is asked about, in words
            items: all that can be asked about
            left: what cannot be, by reason
            author: who asks
            iteration: the iteration that the probable classes are of

        Raises:
            InputError: if there is nothing to ask about, or too much
        """
        if not items:
            why = ", ".join(f"{count:,} {reason}" for reason, count in left.items())
            raise InputError(
                f"There is no {self.noun} to ask {self.to} about{f': {why}' if why else ''}."
            )
        if self.n is None and len(items) > LARGEST:
            raise InputError(
                f"{len(items):,} {self.noun}s are too many; n draws up to {LARGEST:,} of them."
            )
        rng = np.random.default_rng(secrets.randbits(63) if self.seed is None else self.seed)
        drawn = rng.permutation(len(items))[: len(items) if self.n is None else self.n]
        header = {
            "to": self.to,
            "about": about,
            "asked_by": author or "",
            "iteration": iteration,
        }
        return Made(insert_request(run, header, [items[at] for at in drawn.tolist()]), left)


def known_people(run: Run, given: Iterable[GivenLabel | GivenItem] | None = None) -> dict[str, int]:
    """Names that the journal and earlier requests know, with their decisions that stand.

    Args:
        run: the run
        given: what people decided, by default on samples
    """
    found: dict[str, int] = {}
    for one in given_labels(run) if given is None else given:
        if one.author:
            found[one.author] = found.get(one.author, 0) + int(one.on_top)
    for asked in requests_of(run):
        found.setdefault(asked.to, 0)
    return found


def _checked_name(parameter: str, value: Any) -> str:
    check_text(parameter, value)
    name = value.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InputError(f"{parameter} must be a name of 1 to {LONGEST_NAME} characters")
    return name


def checked_ids(parameter: str, ids: Sequence[str]) -> list[ObjectId]:
    """Ids of samples, or of labels, each once. InputError where one is none, or there is none.

    Args:
        parameter: ``sample_ids`` or ``label_ids``
        ids: what it holds
    """
    noun = parameter.removesuffix("_ids")
    if isinstance(ids, str | bytes):
        raise InputError(f"{parameter} must be a list of {noun} ids, got a text")
    for one in ids:
        if not ObjectId.is_valid(one):
            raise InputError(f"{parameter} must hold {noun} ids, got {one!r}")
    if not ids:
        raise InputError(f"{parameter} is empty: choose at least one {noun}")
    return list(dict.fromkeys(ObjectId(i) for i in ids))


def _decided_by(run: Run, author: str, to: str) -> list[ObjectId]:
    standing = [one for one in given_labels(run) if one.on_top]
    check_author(author, to, {one.author for one in standing})
    return [ObjectId(one.sample_id) for one in standing if one.author == author]


def check_author(author: str, to: str, known: Set[str]) -> None:
    """Raise InputError where nobody can be asked about somebody's decisions.

    Args:
        author: whose decisions are meant
        to: who is asked
        known: those of whom decisions stand
    """
    if author == to:
        raise InputError(f"decisions_of: {to} would judge their own decisions. Ask somebody else.")
    if author not in known:
        raise InputError(
            f"decisions_of: no label that {author!r} gave or confirmed stands; "
            f"there are those of: {', '.join(sorted(map(repr, known))) or 'nobody'}"
        )


def _of_cell(run: Run, cell: tuple[str, str]) -> list[ObjectId]:
    iteration = run.iteration()
    at = [_class_index(iteration, n, c) for n, c in zip(("label", "prediction"), cell, strict=True)]
    where = iteration.cell_slice(at[0], at[1])
    is_open = current_state(run, iteration).kind[where] == 0
    ids = iteration.column("sample_id", where.start, where.stop)[is_open]
    return [ObjectId(i) for i in unpack_ids(ids)]


def _class_index(iteration: Iteration, parameter: str, name: str) -> int:
    if name not in iteration.classes:
        raise InputError(f"{parameter}: {name!r} is no class of iteration {iteration.number}")
    return iteration.classes.index(name)


def _askable(run: Run, to: str, ids: Sequence[ObjectId], left: dict[str, int]) -> list[Put]:
    """Samples with their labels, without those that there is nothing to ask about."""
    rows = run.iteration().rows_of([str(i) for i in ids])
    before = put_before(run, to, ids)
    own = {g.sample_id for g in given_labels(run) if g.author == to}
    query = {"_id": {"$in": list(ids)}}
    read = samples_of(run.dataset).find(query, {run.label_field: 1})
    labels = {document["_id"]: label_of(document, run.label_field) for document in read}
    items = []
    for sample_id, row in zip(ids, rows.tolist(), strict=True):
        label = labels.get(sample_id)
        why = (
            "not in the dataset"
            if sample_id not in labels
            else "without a label"
            if not label
            else "not in the iteration"
            if row < 0
            else f"put to {to} before"
            if sample_id in before
            else f"decided on by {to}"
            if str(sample_id) in own
            else None
        )
        if why is not None or label is None:
            left[str(why)] = left.get(str(why), 0) + 1
        else:
            items.append(Put(sample_id, label))
    return items
