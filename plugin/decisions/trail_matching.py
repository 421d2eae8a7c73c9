"""Matching: which samples of a dataset the rows of an audit trail are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bson import ObjectId

from ..store.runs import Run
from ..store.samples import samples_of
from .changes import label_of
from .journal import chunked, entries_of, heads
from .trail_decisions import TrailRow

Candidates = list[tuple[ObjectId, str | None]]
"""Samples with one file, each with its label."""


NOT_HERE = "no sample has this id or this file"
NO_ID = "no sample has this id"
NO_FILE = "no sample has this file"
OTHERS = "the samples with this file are meant by other rows"


class After(NamedTuple):
    """What a sample, or one of its objects, would be after a decision that is only previewed.

    Attributes:
        top: the decision that would stand on it
        here: whether it would be there
        label: its label or class
        box: its box, of an object
    """

    top: Any
    here: bool
    label: str | None
    box: Any = None


@dataclass
class Matched:
    """What was found for the rows of a decision.

    Attributes:
        samples: the rows whose sample, or object, is here, each with its id
        unmatched: the rows whose sample is not here
        ambiguous: the rows that name a file of several samples, and nothing says which is meant
        why: why what a row is about was not found, by ``TrailRow.about``
    """

    samples: list[tuple[TrailRow, ObjectId]] = field(default_factory=list)
    unmatched: list[TrailRow] = field(default_factory=list)
    ambiguous: list[TrailRow] = field(default_factory=list)
    why: dict[str, str] = field(default_factory=dict)

    def miss(self, rows: Iterable[TrailRow], why: str) -> None:
        """Note rows whose sample, or object, is not here."""
        for row in rows:
            self.unmatched.append(row)
            self.why[row.about] = why


class TrailMatcher:
    """Finds the samples of rows.

    Args:
        run: the run whose dataset is looked through
        match: by ``id``, by ``filepath``, or ``auto``: by id, else by file path
        roots: the folder that file paths begin with in the file, and the one here; or None
        named: the sample ids that the file names; a sample is not found by its file where the
            file names it by its id
    """

    def __init__(
        self, run: Run, match: str, roots: tuple[str | None, str | None], named: Iterable[str]
    ):
        self._run, self._roots = run, roots
        self._by_id, self._by_path = match != "filepath", match != "id"
        self._named = {ObjectId(i) for i in named} if match == "auto" else set()
        self._after: dict[ObjectId, After] = {}
        self._foreseen: dict[str | None, set[ObjectId]] = defaultdict(set)

    def foresee(self, row: TrailRow, item: ObjectId, before: Any, after: After | None) -> None:
        """Take a sample to be as a decision would leave it that is only previewed."""
        if after is None:
            self._after.pop(item, None)
        else:
            self._after[item] = after
            self._foreseen[moved(row.filepath, self._roots)].add(item)

    def box_here(self, row: TrailRow) -> Any:
        """None: samples have no box."""
        return None

    def find(self, rows: Sequence[TrailRow]) -> Matched:
        """The samples of rows, as the dataset stands.

        A sample that this run removed is still found by its id: what is decided of it is then a
        conflict, and not a decision on another sample with the same file.
        """
        known = self._known([ObjectId(row.sample_id) for row in rows]) if self._by_id else set()
        return self._assigned(rows, known, self._files)

    def find_decided(self, rows: Sequence[TrailRow], decision: ObjectId) -> Matched:
        """The samples of rows among those of one decision of this run, here or removed.

        Samples that are here and were left alone by that decision have nothing to take back: their
        rows are in no list.
        """
        keep = {"sample_id": 1, "filepath": 1, "label_after": 1}
        decided = list(entries_of(decision, keep))
        known = {entry["sample_id"] for entry in decided} if self._by_id else set()

        def files(paths: Sequence[str]) -> dict[str, Candidates]:
            wanted, found = set(paths), defaultdict[str, Candidates](list)
            for entry in decided:
                if entry["filepath"] in wanted:
                    found[entry["filepath"]].append((entry["sample_id"], entry["label_after"]))
            return found

        out = self._assigned(rows, known, files)
        missing = self.find(out.unmatched)
        out.unmatched, out.why = missing.unmatched, missing.why
        return out

    def _assigned(self, rows: Sequence[TrailRow], known: set[ObjectId], files: Any) -> Matched:
        out, by_path = Matched(), defaultdict[str, list[TrailRow]](list)
        for row in rows:
            path = moved(row.filepath, self._roots) if self._by_path else None
            if ObjectId(row.sample_id) in known:
                out.samples.append((row, ObjectId(row.sample_id)))
            elif path is None:
                out.miss([row], NO_ID if self._by_id else NO_FILE)
            else:
                by_path[path].append(row)
        taken = {sample_id for _, sample_id in out.samples} | self._named
        candidates = files(list(by_path)) if by_path else {}
        for path, about in by_path.items():
            found = candidates.get(path, ())
            free = [c for c in found if c[0] not in taken]
            if not found:
                out.miss(about, NOT_HERE if self._by_id else NO_FILE)
                continue
            _share_out(about, sorted(free, key=lambda c: c[0]), out)
        return out

    def _known(self, ids: Sequence[ObjectId]) -> set[ObjectId]:
        found: set[ObjectId] = set()
        for some in chunked(ids):
            query = {"_id": {"$in": list(some)}}
            found |= {d["_id"] for d in samples_of(self._run.dataset).find(query, {"_id": 1})}
            gone = [i for i in some if i not in found]
            found |= set(heads(self._run, gone)) if gone else set()
        return found

    def _files(self, paths: Sequence[str]) -> dict[str, Candidates]:
        found = defaultdict[str, Candidates](list)
        field_of = self._run.label_field
        for some in chunked(paths):
            query = {"filepath": {"$in": list(some)}}
            keep = {"filepath": 1, f"{field_of}.label": 1}
            for document in samples_of(self._run.dataset).find(query, keep):
                after = self._after.get(document["_id"])
                if after is None or after.here:
                    label = label_of(document, field_of) if after is None else after.label
                    found[document["filepath"]].append((document["_id"], label))
        for path in paths if self._foreseen else ():
            there = {sample_id for sample_id, _ in found[path]}
            back = {i: self._after.get(i) for i in self._foreseen[path] - there}
            found[path] += [(i, a.label) for i, a in back.items() if a is not None and a.here]
        return found


def moved(path: str | None, roots: tuple[str | None, str | None]) -> str | None:
    """A file path in the folder that took the place of another one.

    Example:
        >>> moved("/old/a/b.png", ("/old/a/", "/new")), moved("/old/ab.png", ("/old/a", "/new"))
        ('/new/b.png', '/old/ab.png')
    """
    old, new = roots
    if path is None or old is None or new is None:
        return path
    old = old.rstrip("/\\")
    inside = path.startswith(old) and path[len(old) : len(old) + 1] in ("/", "\\")
    return new.rstrip("/\\") + path[len(old) :] if inside else path


def _share_out(rows: Sequence[TrailRow], free: Candidates, out: Matched) -> None:
    """Give rows about one file its samples: those with the label that the row's author saw.

    Where as many samples have it as rows ask for it, each row gets one. Where more have it,
    nothing says which is meant. Where none has it, one of them stands for the conflict.
    """
    by_label: dict[str | None, list[TrailRow]] = defaultdict(list)
    for row in rows:
        by_label[row.label_before].append(row)
    spare = [sample_id for sample_id, label in free if label not in by_label]
    for label, about in by_label.items():
        fitting = [sample_id for sample_id, found in free if found == label]
        if len(fitting) > len(about):
            out.ambiguous += about
            continue
        if not fitting:
            fitting, spare = spare[: len(about)], spare[len(about) :]
        out.samples += zip(about, fitting, strict=False)
        out.miss(about[len(fitting) :], OTHERS)
