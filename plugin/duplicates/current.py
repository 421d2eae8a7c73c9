"""Current duplicates: the pairs that were kept, with the journal and the dataset applied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from cachetools import TTLCache, cached

from ..decisions.changes import KINDS
from ..decisions.state import RunState, current_state
from ..store.iterations import Iteration, unpack_ids
from ..store.runs import Run
from .dismissed import dismissed_groups
from .fields import Member, read_members, sign_of_change, split_names
from .groups import DuplicateGroup, duplicate_groups, holding
from .pairs import Pairs
from .row_pairs import pairs_of_rows, rows_of_compared
from .store import KeptDuplicates

REMOVED = 1 + KINDS.index("removed")
GROUPS_KEPT = 4
FRESH_SECONDS = 30.0
"""How long a change may go unnoticed that moves neither count nor modification time."""


def open_pairs(
    run: Run,
    state: RunState,
    kept: KeptDuplicates,
    threshold: float | None = None,
    touching: slice | None = None,
) -> Pairs:
    """The pairs, as rows, of which both samples are open and which nobody has dismissed.

    Args:
        run: the run
        state: its current state
        kept: its duplicates
        threshold: by default the one in force
        touching: consecutive rows: enough to know the pairs that one of them is in
    """
    level = kept.threshold if threshold is None else threshold
    pairs = pairs_of_rows(kept, state.iteration, level, kept.scope, state.kind != 0, touching)
    return _only(pairs, ~dismissed_groups(run, state.iteration).holds(pairs.pair))


def cells_with_duplicates(run: Run, state: RunState, kept: KeptDuplicates) -> npt.NDArray[np.bool_]:
    """For each cell of the iteration whether one of its open samples has an open duplicate."""
    flags = np.zeros(len(state.iteration.cells.label), bool)
    rows = np.unique(open_pairs(run, state, kept).pair)
    flags[state.cell_of(rows)] = True
    return flags


@dataclass(frozen=True)
class CurrentGroups:
    """Groups of near-duplicates that are in the dataset and that nobody has dismissed.

    Attributes:
        groups: by rows of the iteration; leaks first, then label conflicts, then by falling SES
        pairs: the pairs that make them
        members: label and split of each row in a group
        pixels: number of pixels of each of their images
        dismissed: how many groups were dismissed
        exact_copies: samples that are exact copies of another one in their group
        splits: the splits that the dataset has; with fewer than two there can be no leaks
    """

    groups: list[DuplicateGroup]
    pairs: Pairs
    members: dict[int, Member]
    pixels: dict[int, int]
    dismissed: int
    exact_copies: int
    splits: list[str]

    def of_rows(self, wanted: npt.NDArray[np.bool_]) -> CurrentGroups:
        """The groups that hold one of some rows, whole: ``wanted`` is bool (n,), by row."""
        groups, held = holding(self.groups, wanted)
        return replace(
            self,
            groups=groups,
            pairs=_only(self.pairs, np.asarray(held[self.pairs.pair].all(axis=1))),
            members={row: member for row, member in self.members.items() if held[row]},
        )

    def counts(self) -> dict[str, int]:
        """Counts for a script."""
        return {
            "pairs": len(self.pairs.ses),
            "groups": len(self.groups),
            "samples": len(self.members),
            "leaks": sum(group.leak for group in self.groups),
            "conflicts": sum(group.label_conflict for group in self.groups),
            "exact_copies": self.exact_copies,
            "settled": self.dismissed,
        }


def current_groups(
    run: Run, iteration: Iteration, kept: KeptDuplicates, threshold: float, scope: str
) -> CurrentGroups:
    """The groups at a threshold and in a scope, with the labels that the samples have now.

    Reads every sample in a group, and is kept until something in the dataset changes.
    """
    state = current_state(run, iteration)
    return _grouped(run, state, kept, threshold, scope, sign_of_change(run.dataset))


def _as_of(
    run: Run, state: RunState, kept: KeptDuplicates, threshold: float, scope: str, sign: Any
) -> tuple[Any, ...]:
    del run
    return kept.id, state.iteration.id, threshold, scope, state.revision, sign


@cached(TTLCache(GROUPS_KEPT, FRESH_SECONDS), key=_as_of, lock=Lock())
def _grouped(
    run: Run, state: RunState, kept: KeptDuplicates, threshold: float, scope: str, _: Any
) -> CurrentGroups:
    iteration, left_out = state.iteration, state.kind == REMOVED
    dismissed = dismissed_groups(run, iteration)
    while True:
        pairs = pairs_of_rows(kept, iteration, threshold, scope, left_out)
        pairs = _only(pairs, ~dismissed.holds(pairs.pair))
        rows = np.unique(pairs.pair)
        ids = unpack_ids(iteration.column("sample_id")[rows])
        found = read_members(run, ids)
        gone = np.fromiter((i not in found for i in ids), bool, len(ids))
        if not gone.any():
            break
        left_out = left_out.copy()
        left_out[rows[gone]] = True  # deleted past the journal
    members = [found[i] for i in ids]
    pixels = sizes_of(kept, iteration, rows).astype(np.int64).prod(axis=1).tolist()
    groups = duplicate_groups(
        np.searchsorted(rows, pairs.pair),
        pairs.ses,
        [member.label for member in members],
        splits=[member.split for member in members],
        predictions=[iteration.classes[i] for i in iteration.column("prediction")[rows]],
        resolutions=pixels,
    )
    return CurrentGroups(
        groups=[_by_row(group, rows) for group in groups],
        pairs=pairs,
        members=dict(zip(rows.tolist(), members, strict=True)),
        pixels=dict(zip(rows.tolist(), pixels, strict=True)),
        dismissed=len(dismissed.groups),
        exact_copies=int(pairs.exact.sum()),
        splits=split_names(run),
    )


def sizes_of(
    kept: KeptDuplicates, iteration: Iteration, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.int32]:
    """Height and width of the images of rows that were compared, (n, 2)."""
    known = rows_of_compared(kept, iteration)
    order = np.argsort(known, kind="stable")
    return kept.size[order[np.searchsorted(known, rows, sorter=order)]]


def _only(pairs: Pairs, which: npt.NDArray[np.bool_]) -> Pairs:
    return Pairs(pairs.pair[which], pairs.ses[which], pairs.exact[which])


def _by_row(group: DuplicateGroup, rows: npt.NDArray[np.int64]) -> DuplicateGroup:
    return DuplicateGroup(
        members=rows[group.members].tolist(),
        ses=group.ses,
        lowest_ses=group.lowest_ses,
        leak=group.leak,
        label_conflict=group.label_conflict,
        keep=int(rows[group.keep]),
    )
