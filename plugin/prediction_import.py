"""Predictions from a file onto the samples, from end to end: checked whole, matched, written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InputError, content
from .importing.files import opened
from .importing.rows import PredictionFile
from .importing.settings import ImportSettings
from .importing.understanding import kind_of, understand
from .keeping.fields import check_classification, check_images, labels_of, root_dataset
from .keeping.iterations import unpack_ids
from .keeping.matching import SampleMatcher
from .keeping.prediction_fields import (
    begin_predictions,
    check_target,
    discard_predictions,
    write_predictions,
)
from .keeping.samples import Collection
from .progress import Report, part_of, silent
from .scoring.score_kind import LOGITS, ScoreKind

LISTED = 100
NAMES_LISTED = 50
SHARE_OF_CHECKING = 0.4


def import_predictions(
    samples: Collection, settings: ImportSettings, report: Report = silent
) -> dict[str, Any]:
    """Read predictions from a file, find their samples, and write them to a field.

    The whole file is read and checked before anything is written, then read again: memory holds a
    piece of it and 12 bytes a row. Rows without a sample, samples without a row, and rows that
    cannot be used are counted and listed; none of them stops the import.

    Args:
        samples: the dataset, or a view that limits which samples receive predictions
        settings: the file and how it is read
        report: told of progress

    Returns:
        what :meth:`_Findings.result` says, with ``field``, ``path``, ``values``, ``read_as``
        (``values`` in words, with what was assumed) and ``classes``

    Raises:
        InputError: if the file or an option cannot be used, or no row can; nothing is changed
    """
    check_images(samples)
    dataset = root_dataset(samples)
    there = check_target(dataset, settings.field, settings.overwrite)
    if settings.label_field is not None:
        check_classification(dataset, settings.label_field, "label_field")
        if settings.label_field == settings.field:
            raise InputError(f"field: '{settings.field}' is the label field itself")
    with opened(settings.path, settings.classes, settings.keys) as file:
        plan = _Plan(samples, settings, file)
        found = plan.check(part_of(report, 0.0, SHARE_OF_CHECKING))
        begin_predictions(dataset, settings.field, plan.stored_classes)
        try:
            plan.write(found, part_of(report, SHARE_OF_CHECKING, 1.0))
        except BaseException:
            if not there:
                discard_predictions(dataset, settings.field)
            raise
    return {
        "path": settings.path,
        "field": settings.field,
        "values": plan.kind.name if plan.file.classes else "confidence",
        "read_as": plan.kind.said if plan.file.classes else "label and confidence",
        "classes": len(plan.kept or plan.file.classes or found.predicted),
        **found.result(plan.matcher),
    }


@dataclass
class _Findings:
    """What the first reading of a file has found.

    Attributes:
        ids: S12 a piece, the sample of each row, empty where the row is not to be written
        predicted: how many rows predict each label
    """

    ids: list[npt.NDArray[np.bytes_]] = field(default_factory=list)
    rows: int = 0
    predicted: Counter[str] = field(default_factory=Counter)
    unmatched: int = 0
    unmatched_rows: list[dict[str, Any]] = field(default_factory=list)
    repeated: int = 0
    repeated_rows: list[dict[str, Any]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_rows: list[dict[str, Any]] = field(default_factory=list)
    contradicting: int = 0
    foreign: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def written(self) -> int:
        """How many samples receive a prediction."""
        return sum(int((piece != b"").sum()) for piece in self.ids)

    def leave_repeated(self) -> None:
        """Leave out rows about a sample that an earlier row is about."""
        start, whole = 0, np.concatenate([np.zeros(0, "S12"), *self.ids])
        again = whole != b""
        again[np.unique(whole, return_index=True)[1]] = False
        for at in np.flatnonzero(again)[:LISTED].tolist():
            self.repeated_rows.append({"row": at + 1, "key": unpack_ids(whole[at : at + 1])[0]})
        self.repeated = int(again.sum())
        for piece in self.ids:
            piece[again[start : start + len(piece)]] = b""
            start += len(piece)

    def result(self, matcher: SampleMatcher) -> dict[str, Any]:
        """Counts, and the first of what was left out.

        Returns:
            ``rows``, ``written``, ``unmatched`` and ``unmatched_rows``, ``repeated`` and
            ``repeated_rows`` (another row is about the same sample; the first counts), ``skipped``
            by reason and ``skipped_rows``, ``contradicting`` (rows whose label is not that of the
            highest score), ``without_row`` and ``samples_without_row``, ``foreign_classes`` that
            no label has, and ``unknown_labels`` that the file does not predict
        """
        there = np.concatenate([np.zeros(0, "S12"), *self.ids])
        there = there[there != b""]
        without = matcher.total - len(there)
        return {
            "rows": self.rows,
            "written": self.written,
            "unmatched": self.unmatched,
            "unmatched_rows": self.unmatched_rows,
            "repeated": self.repeated,
            "repeated_rows": self.repeated_rows,
            "skipped": dict(self.skipped),
            "skipped_rows": self.skipped_rows,
            "contradicting": self.contradicting,
            "without_row": without,
            "samples_without_row": matcher.others(there, LISTED) if without else [],
            "foreign_classes": self.foreign[:NAMES_LISTED],
            "unknown_labels": self.unknown[:NAMES_LISTED],
        }


class _Plan:
    """One import: a file, the samples it is about, and what was understood."""

    def __init__(self, samples: Collection, settings: ImportSettings, file: PredictionFile):
        self.file = file
        self.kept: tuple[str, ...] | None = None
        self.kind = ScoreKind(LOGITS)
        self._settings = settings
        self._dataset = root_dataset(samples)
        self.matcher = SampleMatcher(samples, settings.match, settings.root)
        self._labels = (
            labels_of(samples, settings.label_field) if settings.label_field is not None else None
        )
        self.foreign: list[str] = []
        self._settle_kind()
        if file.classes is not None:
            self._compare(file.classes)

    @property
    def stored_classes(self) -> tuple[str, ...] | None:
        """The names behind the logits that are written, None where none are."""
        return None if self.file.classes is None else (self.kept or self.file.classes)

    def check(self, report: Report) -> _Findings:
        """Read all rows, find their samples, and leave everything as it is."""
        found = _Findings()
        first_problem = ""
        for rows in self.file.rows():
            predicted = understand(rows, self.file.classes, self.kind, self.kept)
            ids = self.matcher.find(rows)
            for at, problem in enumerate(predicted.problems):
                entry = {"row": rows.first + at, "key": rows.key(at)}
                if ids[at] == b"":
                    found.unmatched += 1
                    _list(found.unmatched_rows, entry)
                elif problem is not None:
                    first_problem = first_problem or f"row {entry['row']}: {problem}"
                    found.skipped[problem.partition(":")[0]] += 1
                    _list(found.skipped_rows, {**entry, "reason": problem})
                    ids[at] = b""
                else:
                    found.predicted[predicted.labels[at]] += 1
            found.contradicting += int((predicted.contradicting & (ids != b"")).sum())
            found.ids.append(ids)
            found.rows += len(rows)
            report(
                min(1.0, found.rows / max(self.matcher.total, 1)), f"Checked {found.rows:,} rows"
            )
        found.leave_repeated()
        self._refuse_nothing(found, first_problem)
        self._finish(found)
        return found

    def write(self, found: _Findings, report: Report) -> None:
        """Read all rows again and write those that were found to be right."""
        done = 0
        for rows, ids in zip(self.file.rows(), found.ids, strict=True):
            predicted = understand(rows, self.file.classes, self.kind, self.kept)
            keep = np.flatnonzero(ids != b"")
            write_predictions(
                self._dataset,
                self._settings.field,
                ids[keep],
                [predicted.labels[at] for at in keep],
                predicted.confidence[keep],
                None if predicted.logits is None else predicted.logits[keep],
            )
            done += len(rows)
            report(done / max(found.rows, 1), f"Wrote {done:,} of {found.rows:,} rows")

    def _settle_kind(self) -> None:
        if self.file.classes is None:
            return
        self.kind = kind_of(self.file, self._settings.values)

    def _compare(self, classes: tuple[str, ...]) -> None:
        """Compare the file's classes with those of the labels."""
        if self._labels is None:
            return
        known = set(self._labels)
        self.foreign = [name for name in classes if name not in known]
        if len(self.foreign) == len(classes):
            raise InputError(
                f"classes: '{self._settings.path}' and '{self._settings.label_field}' have no "
                f"class in common (predictions: {content(_some(classes))}; labels: "
                f"{_some(self._labels)})"
            )
        if self.foreign and self._settings.foreign == "error":
            raise InputError(
                f"foreign: '{self._settings.path}' predicts {len(self.foreign)} classes that no "
                f"label of '{self._settings.label_field}' has: {content(_some(self.foreign))}"
            )
        if self.foreign and self._settings.foreign == "drop":
            self.kept = tuple(name for name in classes if name in known)

    def _refuse_nothing(self, found: _Findings, first_problem: str) -> None:
        path = self._settings.path
        if found.rows == 0:
            raise InputError(f"path: '{path}' has no rows")
        if found.unmatched == found.rows:
            first = found.unmatched_rows[0]["key"]
            identity, file = self.matcher.any_sample()
            raise InputError(
                f"path: no row of '{path}' is about a sample of '{self._dataset.name}': the first "
                f"names '{content(first)}', and a sample is '{file}' (id {identity}). Relative "
                "paths need root."
            )
        if found.written == 0:
            raise InputError(f"path: no row of '{path}' can be used; {content(first_problem)}")
        if found.contradicting > found.written / 2:
            raise InputError(
                f"classes: in {found.contradicting:,} of {found.written:,} rows of '{path}' the "
                "label is not the class with the highest score. Are the classes in the order of "
                "the scores?"
            )

    def _finish(self, found: _Findings) -> None:
        """Compare the labels that are predicted where the file has no scores, and sum up."""
        classes = self.file.classes
        if self._labels is None:
            return
        if classes is None:
            self._compare(tuple(sorted(found.predicted)))
            if self.kept is not None:
                self._drop_foreign(found)
        found.foreign = self.foreign
        said = set(self.kept or classes or found.predicted)
        found.unknown = [name for name in self._labels if name not in said]

    def _drop_foreign(self, found: _Findings) -> None:
        """Leave out the rows that predict a class that no label has."""
        reason = "predicts a class that no label has"
        for rows, ids in zip(self.file.rows(), found.ids, strict=True):
            predicted = understand(rows, None, self.kind, self.kept)
            for at in np.flatnonzero(ids != b"").tolist():
                if predicted.problems[at] is not None:
                    ids[at] = b""
                    found.skipped[reason] += 1
                    entry = {"row": rows.first + at, "key": rows.key(at), "reason": reason}
                    _list(found.skipped_rows, entry)
        for name in self.foreign:
            del found.predicted[name]


def _list(entries: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    if len(entries) < LISTED:
        entries.append(entry)


def _some(names: Any) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:5])
    return f"{shown}, … ({len(names)} in all)" if len(names) > 5 else shown
