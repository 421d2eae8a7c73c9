"""Predictions from a file onto the samples, from end to end: checked whole, matched, written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import InputError, content
from ..progress import Report, part_of, silent
from ..scoring.score_kind import LOGITS, ScoreKind
from ..store.label_field import check_classification, label_fields
from ..store.raw_documents import labels_of
from ..store.sample_collection import check_images, root_dataset
from ..store.samples import Collection
from .class_numbers import check_names, class_number, labels_are_numbers
from .fields import begin_predictions, check_target, discard_predictions, write_predictions
from .files import opened
from .findings import Findings, list_first
from .limits import Expected
from .matching import Matches, SampleMatcher
from .rows import PredictionFile, Rows
from .settings import ImportSettings
from .understanding import kind_of, understand

SHARE_OF_CHECKING = 0.4


def import_predictions(
    samples: Collection, settings: ImportSettings, report: Report = silent
) -> dict[str, Any]:
    """Read predictions from a file, find their samples, and write them to a field.

    The whole file is read and checked before anything is written, then read again: memory holds a
    piece of it and 16 bytes a row. Rows without a sample, samples without a row, and rows that
    cannot be used are counted and listed; none of them stops the import.

    Args:
        samples: the dataset, or a view that limits which samples receive predictions
        settings: the file and how it is read
        report: told of progress

    Returns:
        what :meth:`Findings.result` says, with ``field``, ``path``, ``values``, ``read_as``
        (``values`` in words, with what was assumed), ``classes`` and ``preview``

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
    labels = labels_of(samples, settings.label_field) if settings.label_field is not None else None
    expected = Expected(len(samples), len(labels or ()))
    with opened(settings.path, expected, settings.classes, settings.keys) as file:
        plan = _Plan(samples, settings, file, labels)
        found = plan.check(part_of(report, 0.0, SHARE_OF_CHECKING))
        if not settings.preview:
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
        "preview": settings.preview,
        "values": plan.kind.name if plan.file.classes else "confidence",
        "read_as": plan.kind.said if plan.file.classes else "label and confidence",
        "classes": len(plan.kept or plan.file.classes or found.predicted),
        **found.result(plan.matcher),
    }


class _Plan:
    """One import: a file, the samples it is about, and what was understood."""

    def __init__(
        self,
        samples: Collection,
        settings: ImportSettings,
        file: PredictionFile,
        labels: list[str] | None,
    ):
        self.file = file
        self.kept: tuple[str, ...] | None = None
        self.kind = ScoreKind(LOGITS)
        self._settings = settings
        self._dataset = root_dataset(samples)
        self.matcher = SampleMatcher(samples, settings.match, settings.root)
        self._labels = labels
        self._numbered = self._labels_are_numbers()
        self.foreign: list[str] = []
        self._settle_kind()
        if file.classes is not None:
            self._check_names(file.classes)
            self._compare(file.classes)

    @property
    def stored_classes(self) -> tuple[str, ...] | None:
        """The names behind the logits that are written, None where none are."""
        return None if self.file.classes is None else (self.kept or self.file.classes)

    def check(self, report: Report) -> Findings:
        """Read all rows, find their samples, and leave everything as it is."""
        found = Findings()
        first_problem = ""
        for rows in self._rows():
            predicted = understand(rows, self.file.classes, self.kind, self.kept)
            matches = self.matcher.find(rows)
            matched = np.zeros(len(rows), bool)
            matched[matches.rows] = True
            for at, problem in enumerate(predicted.problems):
                entry = {"row": rows.first + at, "key": rows.key(at)}
                if not matched[at]:
                    found.unmatched += 1
                    list_first(found.unmatched_rows, entry)
                elif problem is not None:
                    first_problem = first_problem or f"row {entry['row']}: {problem}"
                    found.skipped[problem.partition(":")[0]] += 1
                    list_first(found.skipped_rows, {**entry, "reason": problem})
                    matched[at] = False
                else:
                    found.predicted[predicted.labels[at]] += 1
            found.contradicting += int((predicted.contradicting & matched).sum())
            fine = matched[matches.rows]
            found.matches.append(Matches(matches.rows[fine], matches.ids[fine]))
            found.firsts.append(rows.first)
            found.rows += len(rows)
            report(
                min(1.0, found.rows / max(self.matcher.total, 1)), f"Checked {found.rows:,} rows"
            )
        found.leave_repeated()
        self._refuse_nothing(found, first_problem)
        self._finish(found)
        return found

    def write(self, found: Findings, report: Report) -> None:
        """Read all rows again and write those that were found to be right."""
        done = 0
        for rows, (keep, ids) in zip(self._rows(), found.matches, strict=True):
            predicted = understand(rows, self.file.classes, self.kind, self.kept)
            write_predictions(
                self._dataset,
                self._settings.field,
                ids,
                [predicted.labels[at] for at in keep],
                predicted.confidence[keep],
                None if predicted.logits is None else predicted.logits[keep],
            )
            done += len(rows)
            report(done / max(found.rows, 1), f"Wrote {done:,} of {found.rows:,} rows")

    def _rows(self) -> Iterator[Rows]:
        """All rows, with labels that are class numbers replaced by the names of the classes."""
        names = self.file.names
        for rows in self.file.rows():
            if self._numbered and names is not None:
                rows.labels = [
                    None if label is None else names[class_number(label) or 0]
                    for label in rows.labels
                ]
            yield rows

    def _labels_are_numbers(self) -> bool:
        """Whether the labels of a file without scores are places in the list that was given."""
        if self.file.names is None or self.file.classes is not None:
            return False
        labels = (
            (rows.first + at, label)
            for rows in self.file.rows()
            for at, label in enumerate(rows.labels)
            if label is not None
        )
        return labels_are_numbers(labels, self.file.names, f"'{self._settings.path}'")

    def _check_names(self, names: Sequence[str]) -> None:
        """InputError where class numbers would become names of classes; not if they were given."""
        if self._settings.classes:
            return
        path, field = self._settings.path, self._settings.label_field
        if field is not None:
            check_names(names, self._labels or [], f"'{field}'", path)
            return
        others = [name for name in label_fields(self._dataset) if name != self._settings.field]
        known = {name: labels_of(self._dataset, name) for name in others}
        if not any(set(names) & set(labels) for labels in known.values()):
            for name, labels in known.items():
                check_names(names, labels, f"'{name}'", path)

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

    def _refuse_nothing(self, found: Findings, first_problem: str) -> None:
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

    def _finish(self, found: Findings) -> None:
        """Compare the labels that are predicted where the file has no scores, and sum up."""
        classes = self.file.classes
        if classes is None:
            self._check_names(sorted(found.predicted))
        if self._labels is None:
            return
        if classes is None:
            self._compare(tuple(sorted(found.predicted)))
            if self.kept is not None:
                self._drop_foreign(found)
        found.foreign = self.foreign
        said = set(self.kept or classes or found.predicted)
        found.unknown = [name for name in self._labels if name not in said]

    def _drop_foreign(self, found: Findings) -> None:
        """Leave out the rows that predict a class that no label has."""
        reason = "predicts a class that no label has"
        for at, (rows, (keep, ids)) in enumerate(zip(self._rows(), found.matches, strict=True)):
            predicted = understand(rows, None, self.kind, self.kept)
            foreign = np.array([problem is not None for problem in predicted.problems], bool)
            for row in np.unique(keep[foreign[keep]]).tolist():
                found.skipped[reason] += 1
                entry = {"row": rows.first + row, "key": rows.key(row), "reason": reason}
                list_first(found.skipped_rows, entry)
            found.matches[at] = Matches(keep[~foreign[keep]], ids[~foreign[keep]])
        for name in self.foreign:
            del found.predicted[name]


def _some(names: Any) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:5])
    return f"{shown}, … ({len(names)} in all)" if len(names) > 5 else shown
