"""What an import can be asked for, and what it tells of the decisions that it made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputError
from .resolution import Resolution
from .trail_decisions import TrailDecision, TrailRow
from .trail_matching import Matched

MATCHES = ("auto", "id", "filepath")
UNMATCHED_SHOWN = 100


@dataclass(frozen=True)
class Options:
    """How the samples of a file are found.

    Attributes:
        match: by ``id``, by ``filepath``, or ``auto``
        old_root: the folder that file paths begin with in the file, if it is another one here
        new_root: the folder that takes its place
    """

    match: str
    old_root: str | None
    new_root: str | None

    def check(self) -> None:
        """Raise InputError where they cannot be used."""
        match, old_root, new_root = self.match, self.old_root, self.new_root
        if match not in MATCHES:
            raise InputError(f"match must be one of {', '.join(MATCHES)}, got {match!r:.80}")
        if (old_root is None) != (new_root is None):
            raise InputError("old_root and new_root must be given together")
        for name, root in (("old_root", old_root), ("new_root", new_root)):
            if not isinstance(root, str | Path | None):
                raise InputError(f"{name} must be a folder, got {root!r:.80}")

    @property
    def roots(self) -> tuple[str | None, str | None]:
        """The two folders."""
        return (None, None) if self.old_root is None else (str(self.old_root), str(self.new_root))


@dataclass
class ImportReport:
    """What became of the decisions of a file.

    Attributes:
        decisions: decisions made here
        already_here: decisions of the file that this run had before
        applied: samples changed, over all decisions
        unmatched: rows whose sample this dataset does not have
        unmatched_rows: the first of them, each with the reason
        unmatched_why: how many of them there are, by reason
        ambiguous: rows that were found by file path alone, and several samples hold that file
        ambiguous_rows: the first of them
        conflict_count: rows whose sample is here with another label than the file says, or gone
        conflicts: the first of them
        refused: decisions that could not be made here, each with the reason
        new_classes: classes that they give and that were none here
        missing_classes: where rows find another label, the classes that the file speaks of and that
            are none here: they may have been renamed
        preview: whether nothing was made, and all this is what would be
        known: the classes that were here before, which is not told
    """

    rows: int = 0
    decisions: int = 0
    already_here: int = 0
    applied: int = 0
    unmatched: int = 0
    unmatched_rows: list[dict[str, Any]] = field(default_factory=list)
    unmatched_why: dict[str, int] = field(default_factory=dict)
    ambiguous: int = 0
    ambiguous_rows: list[dict[str, Any]] = field(default_factory=list)
    conflict_count: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    new_classes: list[str] = field(default_factory=list)
    missing_classes: list[str] = field(default_factory=list)
    preview: bool = False
    known: frozenset[str] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        told = asdict(self)
        del told["known"]
        return told

    def end(self, decisions: Iterable[TrailDecision]) -> ImportReport:
        """The report once all decisions of the file were looked at."""
        if self.conflict_count:
            rows = [row for decision in decisions for row in decision.rows]
            given = {row.label_after for row in rows if row.label_after != row.label_before}
            named = {row.label_before for row in rows} - given
            self.missing_classes = sorted(name for name in named - self.known if name)
        return self

    def give(self, rows: Iterable[TrailRow]) -> None:
        """Note the classes that rows give which no label here had."""
        given = {row.label_after for row in rows if row.label_after != row.label_before}
        new = sorted(label for label in given if label and label not in self.known)
        self.new_classes += [label for label in new if label not in self.new_classes]

    def add(self, made: Resolution) -> None:
        """Count one decision."""
        decided = made.decision is not None
        self.count(
            decided=decided, applied=made.applied, left=made.conflict_count, why=made.conflicts
        )

    def count(
        self, *, decided: bool, applied: int, left: int, why: Iterable[dict[str, Any]]
    ) -> None:
        """Count what a decision does: on how many, how many it leaves alone, and why the first."""
        self.decisions += decided
        self.applied += applied
        self.conflict_count += left
        self.conflicts = [*self.conflicts, *why][:UNMATCHED_SHOWN]

    def leave(self, decision: TrailDecision, matched: Matched) -> None:
        """Count the rows of a decision whose sample was not found."""
        self.unmatched += len(matched.unmatched)
        self.ambiguous += len(matched.ambiguous)
        for row in matched.unmatched:
            why = matched.why[row.about]
            self.unmatched_why[why] = self.unmatched_why.get(why, 0) + 1
        for rows, listed in (
            (matched.unmatched, self.unmatched_rows),
            (matched.ambiguous, self.ambiguous_rows),
        ):
            for row in rows[: UNMATCHED_SHOWN - len(listed)]:
                named = {"sample_id": row.sample_id, "filepath": row.filepath}
                named |= {"label_id": row.label_id} if row.label_id else {}
                if row.about in matched.why:
                    named["reason"] = matched.why[row.about]
                listed.append({"decision": decision.id, **named})
