"""Audits of a run: drawn from what is open, judged by decisions, read from the journal.

What an audit says is always derived: its draw, and what stands on its samples. So it makes no
difference whether a sample was judged in the audit or met in ordinary review before its turn came,
a verdict that is undone is open again, and a process that dies loses nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..decisions.changes import KINDS
from ..decisions.state import DELETED, RunState, current_state
from ..errors import InputError
from ..store.iterations import unpack_ids
from ..store.runs import Run
from ..store.samples import samples_of
from . import sampling
from . import verdicts as reading
from .estimator import Interval
from .store import (
    AuditRecord,
    close_audit,
    insert_audit,
    load_audit,
)

LARGEST = 20_000
RELABELED = 1 + KINDS.index("relabeled")
_VERDICTS = np.zeros(1 + DELETED, np.int64)
_VERDICTS[DELETED] = reading.GONE


for _kind, _verdict in (
    ("relabeled", reading.WRONG),
    ("confirmed", reading.RIGHT),
    ("removed", reading.GONE),
    ("tagged", reading.UNCLEAR),
):
    _VERDICTS[1 + KINDS.index(_kind)] = _verdict


@dataclass(frozen=True)
class Part:
    """A row of the overview (``prediction`` is None) or a cell, and the errors left in it."""

    label: int
    prediction: int | None
    judged: int
    left: Interval


class OpenedAudit:
    """An audit with the journal applied."""

    def __init__(self, run: Run, record: AuditRecord):
        self.run, self.record = run, record
        self.state: RunState = current_state(run, record.iteration)

    @cached_property
    def verdict(self) -> npt.NDArray[np.int64]:
        """What stands on each drawn sample, as ``reading`` names it."""
        verdict = _VERDICTS[self.state.kind[self.record.row]]
        waiting = np.flatnonzero(verdict == reading.WAITING)
        ids = [ObjectId(i) for i in unpack_ids(self.record.sample_id[waiting])]
        found = samples_of(self.run.dataset).find({"_id": {"$in": ids}}, {"_id": 1})
        there = {document["_id"] for document in found}
        gone = [at for at, i in zip(waiting.tolist(), ids, strict=True) if i not in there]
        verdict[gone] = reading.GONE
        return verdict

    @cached_property
    def waiting(self) -> npt.NDArray[np.int64]:
        """The places that have no verdict yet, in their order."""
        return np.flatnonzero(self.verdict == reading.WAITING)

    def require_place(self, place: object) -> None:
        """Refuse what names no sample of the audit.

        Raises:
            InputError: if the audit has no such place
        """
        last = len(self.record.row) - 1
        if not isinstance(place, int) or not 0 <= place <= last:
            raise InputError(f"place must lie between 0 and {last}, got {place!r}")

    def sample_at(self, place: int) -> str:
        """The id of the sample at a place."""
        return unpack_ids(self.record.sample_id[place : place + 1])[0]

    @cached_property
    def _stratum(self) -> npt.NDArray[np.int32]:
        """The stratum of each row of the iteration, −1 where it was not open at the draw."""
        rows = np.flatnonzero(self.record.open_rows)
        order = np.argsort(-self.state.iteration.column("suspicion")[rows], kind="stable")
        stratum = np.full(len(self.record.open_rows), -1, np.int32)
        population = self.record.draw.population
        stratum[rows[order]] = np.repeat(np.arange(len(population)), population)
        return stratum

    @cached_property
    def reading(self) -> reading.Audit:
        """The audit as arrays."""
        population, found, open_ = self._counts(slice(None))
        return reading.Audit(
            stratum=self.record.draw.stratum,
            round=self.record.draw.round,
            verdict=self.verdict,
            population=population,
            found=found,
            open=open_,
        )

    def _counts(self, rows: slice) -> tuple[npt.NDArray[np.int64], ...]:
        """Of some rows, by stratum: open at the draw, errors found since, open now."""
        stratum, kind = self._stratum[rows], self.state.kind[rows]
        drawn_from = stratum >= 0
        size = len(self.record.draw.population)
        return tuple(
            np.bincount(stratum[drawn_from & what], minlength=size)
            for what in (kind >= 0, kind == RELABELED, kind == 0)
        )

    def parts(self) -> list[Part]:
        """The rows and cells in which enough was judged, most errors first.

        No row's interval exceeds that of all samples, and no cell's that of its row.
        """
        cells = self.state.iteration.cells
        cell = self.state.cell_of(self.record.row)
        pairs = [(int(x), None) for x in np.unique(cells.label[cell])]
        pairs += [(int(cells.label[c]), int(cells.prediction[c])) for c in np.unique(cell)]
        found = []
        of_row: dict[int, Interval] = {}
        for label, prediction in pairs:
            if prediction is None:
                low, high = np.searchsorted(cells.label, [label, label + 1])
                rows = slice(int(cells.start[low]), int(cells.start[high]))
            else:
                rows = cells.rows_of(label, prediction)
            inside = (self.record.row >= rows.start) & (self.record.row < rows.stop)
            judged = int((inside & self.reading.used).sum())
            if judged < reading.FEWEST_IN_A_PART:
                continue
            left = self.reading.left_in_part(inside, *self._counts(rows))
            if left is not None:
                left = left.within(of_row.get(label, left))
                if prediction is None:
                    of_row[label] = left
                found.append(Part(label, prediction, judged, left))
        return sorted(found, key=lambda part: -part.left.point)

    @property
    def status(self) -> Literal["open", "done", "closed"]:
        """``open`` while verdicts are waited for, ``done``, or ``closed`` before it was done."""
        if not len(self.waiting):
            return "done"
        return "closed" if self.record.closed else "open"


def draw_audit(
    run: Run, size: int, *, seed: int | None = None, author: str | None = None
) -> OpenedAudit:
    """Draw an audit of the samples that are open in the run's last iteration.

    Raises:
        InputError: if the size is no number from 1 to 20,000, nothing is open, or another audit
            waits for verdicts
    """
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST:
        raise InputError(f"audit_size must be a whole number from 1 to {LARGEST:,}, got {size!r}")
    last = open_audit(run)
    if last is not None and last.status == "open":
        raise InputError(
            f"Audit {last.record.number} of run '{run.key}' still waits for {len(last.waiting)} "
            "verdicts. Give them, or close it, before you draw another one."
        )
    state = current_state(run)
    rows = np.flatnonzero(state.kind == 0)
    if not len(rows):
        raise InputError(f"Run '{run.key}' has no open sample to draw an audit from")
    seed = secrets.randbits(63) if seed is None else seed
    drawn = sampling.draw(state.iteration.column("suspicion")[rows], size, seed)
    row = rows[drawn.at]
    header = {
        "number": 1 if last is None else last.record.number + 1,
        "iteration": state.iteration.number,
        "revision": state.revision,
        "seed": seed,
        "drawn_by": author or "",
    }
    record = {
        "row": row,
        "sample_id": state.iteration.column("sample_id")[row],
        "open_rows": state.kind == 0,
    }
    made = insert_audit(run, header, drawn, record)
    opened = open_audit(run, str(made))
    assert opened is not None
    return opened


def open_audit(run: Run, audit: str | None = None) -> OpenedAudit | None:
    """An audit as it stands, the last if none is named; None where the run has none."""
    record = load_audit(run, audit)
    return None if record is None else OpenedAudit(run, record)


def end_audit(audit: OpenedAudit) -> None:
    """Close an audit that nobody will finish. What was judged stays decided."""
    close_audit(audit.record)
