"""Random checks before bulk decisions: drawn, read, and noted with the decision that they allow."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..store.iterations import pack_ids, unpack_ids
from ..store.runs import Run
from .check_bound import CONFIDENCE, most_wrong
from .store import insert_check, load_check, read_check

LARGEST = 10_000


@dataclass(frozen=True)
class Bound:
    """What a check says of the samples that nobody looked at.

    Attributes:
        population: samples that the check was drawn from
        checked: samples that somebody looked at
        exceptions: how many of those the bulk decision would get wrong
        unchecked: the other samples
        most_wrong: at most so many of them are wrong, with the confidence
    """

    check: str
    becomes: str | None
    population: int
    checked: int
    exceptions: int
    unchecked: int
    most_wrong: int
    confidence: float

    @property
    def share(self) -> float:
        """``most_wrong`` as a share of the unchecked samples."""
        return self.most_wrong / self.unchecked if self.unchecked else 0.0


def draw_check(
    run: Run,
    sample_ids: Sequence[str],
    size: int,
    *,
    becomes: str | None,
    each: Mapping[str, Any] | None = None,
    seed: int | None = None,
    author: str | None = None,
) -> tuple[str, list[str]]:
    """Draw samples to look at before many are decided at once.

    Args:
        run: the run
        sample_ids: the samples that the bulk decision is meant for
        size: how many to draw; all, where there are no more
        becomes: the label that they would all get, None where their labels would be confirmed
        each: where each would get a label of its own: what says which (``consensus.py``)
        seed: of the random numbers
        author: who checks

    Returns:
        the check's id, and the drawn samples' ids

    Raises:
        InputError: if the size is no number from 1 to 10,000 or there is no sample
    """
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST:
        raise InputError(f"size of a check must be from 1 to {LARGEST:,}, got {size!r}")
    ids = list(dict.fromkeys(sample_ids))
    if not ids:
        raise InputError("There is no open sample to check")
    seed = secrets.randbits(63) if seed is None else seed
    chosen = np.random.default_rng(seed).choice(len(ids), min(size, len(ids)), replace=False)
    drawn = [ids[at] for at in chosen.tolist()]
    document = {
        "seed": seed,
        "becomes": becomes,
        "each": None if each is None else dict(each),
        "author": author or "",
        "population": pack_ids(ids).tobytes(),
        "drawn": pack_ids(drawn).tobytes(),
        "exceptions": None,
    }
    return insert_check(run, document), drawn


def give_check(run: Run, check: str, exceptions: Sequence[str]) -> Bound:
    """Say which of a check's samples do not fit; all its others are thereby said to fit.

    Raises:
        InputError: if the run has no such check, or one of the samples is not in it
    """
    document = load_check(run, check)
    drawn = set(unpack_ids(np.frombuffer(document["drawn"], "S12")))
    strangers = [i for i in exceptions if i not in drawn]
    if strangers:
        raise InputError(f"check {check} does not hold sample {strangers[0]!r}")
    read_check(run, check, [bytes.fromhex(i) for i in dict.fromkeys(exceptions)])
    return bound_of(load_check(run, check))


def fitting(document: dict[str, Any]) -> list[str]:
    """The samples that a check was drawn from, without those that were found not to fit: their ids.

    InputError if it was not read yet.
    """
    bound_of(document)
    misfits = {i.hex() for i in document["exceptions"]}
    every = unpack_ids(np.frombuffer(document["population"], "S12"))
    return [i for i in every if i not in misfits]


def bound_of(document: dict[str, Any]) -> Bound:
    """The bound that a check gives. InputError if it was not read yet."""
    if document["exceptions"] is None:
        raise InputError(f"Check {document['_id']} was not read yet: say which samples do not fit")
    population, checked = len(document["population"]) // 12, len(document["drawn"]) // 12
    exceptions = len(document["exceptions"])
    return Bound(
        check=str(document["_id"]),
        becomes=document["becomes"],
        population=population,
        checked=checked,
        exceptions=exceptions,
        unchecked=population - checked,
        most_wrong=most_wrong(population, checked, exceptions, CONFIDENCE),
        confidence=CONFIDENCE,
    )


def basis_of_check(
    run: Run, check: str, action: str, label: str | None, sample_ids: Sequence[str]
) -> dict[str, Any]:
    """What the journal notes with a bulk decision that rests on a check.

    Raises:
        InputError: if the check was not read, was made for another decision or other samples, or
            found one of the samples not to fit
    """
    document = load_check(run, check)
    if document.get("each"):
        raise InputError(f"Check {check} was made for accepting the consensus")
    bound = bound_of(document)
    meant = "confirm" if bound.becomes is None else f"relabel as '{bound.becomes}'"
    if action not in ("confirm", "relabel") or label != bound.becomes:
        raise InputError(f"Check {check} was made for another decision: {meant}")
    population = set(unpack_ids(np.frombuffer(document["population"], "S12")))
    beyond = [i for i in sample_ids if i not in population]
    if beyond:
        raise InputError(
            f"Check {check} was drawn from {len(population)} samples, and {len(beyond)} of the "
            f"{len(sample_ids)} to decide on are not among them. Check again, or leave them out."
        )
    misfits = {i.hex() for i in document["exceptions"]} & set(sample_ids)
    if misfits:
        raise InputError(
            f"{len(misfits)} of the samples were found not to fit in check {check}. Leave them out."
        )
    return {"kind": "check", **asdict(bound)}
