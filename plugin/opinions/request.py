"""Asking for a second opinion: which samples, of whom, and what keeps them from being asked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bson import ObjectId

from ..decisions.changes import label_of
from ..decisions.given_labels import given_labels
from ..decisions.request import check_text
from ..decisions.state import current_state
from ..errors import InputError
from ..store.iterations import Iteration, unpack_ids
from ..store.runs import Run
from ..store.samples import samples_of
from .store import Asked, insert_request, put_before, requests_of

LARGEST = 20_000
LONGEST_NAME = 200


@dataclass(frozen=True)
class Made:
    """A request that was made.

    Attributes:
        left_out: how many samples were not asked about, by reason
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
    name = _checked_name("to", to)
    given = [v is not None for v in (sample_ids, cell, decisions_of)]
    if sum(given) != 1:
        raise InputError(
            "Name what to ask about by one of sample_ids, label and prediction, and decisions_of."
        )
    if n is not None and (isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= LARGEST):
        raise InputError(f"n must be a whole number from 1 to {LARGEST:,}, got {n!r}")
    if seed is not None and seed < 0:
        raise InputError(f"seed must be a whole number from 0, got {seed}")
    if decisions_of is not None:
        about, ids = f"decisions of {decisions_of}", _decided_by(run, decisions_of, name)
    elif cell is not None:
        about, ids = f"{cell[0]} predicted {cell[1]}", _of_cell(run, cell)
    else:
        about, ids = "a selection", _checked_ids(sample_ids or [])
    left: dict[str, int] = {}
    items = _askable(run, name, ids, left)
    if not items:
        why = ", ".join(f"{count:,} {reason}" for reason, count in left.items())
        raise InputError(f"There is no sample to ask {name} about{f': {why}' if why else ''}.")
    if n is None and len(items) > LARGEST:
        raise InputError(f"{len(items):,} samples are too many; n draws up to {LARGEST:,} of them.")
    rng = np.random.default_rng(secrets.randbits(63) if seed is None else seed)
    drawn = rng.permutation(len(items))[: len(items) if n is None else n]
    header = {
        "to": name,
        "about": about,
        "asked_by": author or "",
        "iteration": run.iteration().number,
    }
    return Made(insert_request(run, header, [items[at] for at in drawn.tolist()]), left)


def known_people(run: Run) -> dict[str, int]:
    """Names that the journal, earlier requests and the votes know: their decisions that stand."""
    found: dict[str, int] = {}
    for given in given_labels(run):
        if given.author:
            found[given.author] = found.get(given.author, 0) + int(given.on_top)
    for asked in requests_of(run):
        found.setdefault(asked.to, 0)
    return found


def _checked_name(parameter: str, value: Any) -> str:
    check_text(parameter, value)
    name = value.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InputError(f"{parameter} must be a name of 1 to {LONGEST_NAME} characters")
    return name


def _checked_ids(sample_ids: Sequence[str]) -> list[ObjectId]:
    if isinstance(sample_ids, str | bytes):
        raise InputError("sample_ids must be a list of sample ids, got a text")
    for sample_id in sample_ids:
        if not ObjectId.is_valid(sample_id):
            raise InputError(f"sample_ids must hold sample ids, got {sample_id!r}")
    if not sample_ids:
        raise InputError("sample_ids is empty: choose at least one sample")
    return list(dict.fromkeys(ObjectId(i) for i in sample_ids))


def _decided_by(run: Run, author: str, to: str) -> list[ObjectId]:
    if author == to:
        raise InputError(f"decisions_of: {to} would judge their own decisions. Ask somebody else.")
    given = given_labels(run)
    ids = [ObjectId(one.sample_id) for one in given if one.author == author and one.on_top]
    if not ids:
        known = ", ".join(sorted({repr(one.author) for one in given if one.on_top})) or "nobody"
        raise InputError(
            f"decisions_of: no label that {author!r} gave or confirmed stands; "
            f"there are those of: {known}"
        )
    return ids


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


def _askable(
    run: Run, to: str, ids: Sequence[ObjectId], left: dict[str, int]
) -> list[tuple[ObjectId, str]]:
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
            items.append((sample_id, label))
    return items
