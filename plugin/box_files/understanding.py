"""A file of boxes understood as a whole: what its numbers, classes and scores are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError, content
from ..objects.boxes import NOT_A_BOX, REASONS, USABLE, within_image
from ..store.samples import Collection
from .categories import Categories, read_names, settled
from .images import Found, fill_sizes
from .label_names import detection_labels
from .layout import PIXELS, RELATIVE, XYWH, Reading, Survey
from .rows import BoxFile, BoxRows
from .settings import AUTO, BoxSettings

NO_CONFIDENCE = "no confidence between 0 and 1"
FOREIGN = "a class that no label has"


@dataclass
class UnderstoodRows:
    """A piece of the file as it was understood.

    Attributes:
        labels: n classes, None for none
        boxes: float64 (n, 4), relative
        scores: n lists of a score a class, None for none
        problems: None, or why a row cannot be used
    """

    labels: list[str | None]
    boxes: npt.NDArray[np.float64]
    scores: list[list[float] | None]
    problems: list[str | None]


class Understanding:
    """What the rows of a file say.

    Args:
        samples: the dataset or view
        settings: how the file is read
        file: the file, whose images get the sizes that it does not have
        found: which samples its images are

    Attributes:
        reading: what the four numbers are
        categories: what the classes are
        has_confidence: whether any row has one
        length: how many scores of classes rows have, 0 for none
        labels: the classes of the labels to compare with, None without
        foreign: classes that no label has

    Raises:
        InputError: if it cannot be told what the rows say, or their classes are not those of the
            labels at all
    """

    reading: Reading
    categories: Categories
    has_confidence: bool
    length: int

    def __init__(self, samples: Collection, settings: BoxSettings, file: BoxFile, found: Found):
        self._samples, self._settings, self._file, self._found = samples, settings, file, found
        self.labels: list[str] | None = None
        if settings.label_field is not None:
            self.labels = detection_labels(samples, [settings.label_field])
        self.foreign: list[str] = []
        self._look()
        self._compare_classes()

    def _look(self) -> None:
        """Read all rows to learn what their numbers and classes are."""
        images, path = self._file.images, self._settings.path
        sized = self._file.layout == XYWH and self._settings.units != RELATIVE
        if sized:
            fill_sizes(self._samples, images, self._found)
        survey, seen, lengths, sure, rows = Survey(), Counter(), Counter(), 0, 0
        for piece in self._file.rows():
            here = piece.image >= 0
            at = piece.image[here]
            survey.add(piece.values[here], piece.corners[here], images.width[at], images.height[at])
            seen.update(c for c in piece.categories if c is not None)
            lengths.update(len(s) for s in piece.scores if s is not None)
            sure += int(np.isfinite(piece.confidence).sum())
            rows += len(piece)
        usual, layout = self._file.layout, self._settings.boxes
        units = self._settings.units
        if units == AUTO and survey.rows:
            units = survey.units(path)
        if units == PIXELS and not sized:
            fill_sizes(self._samples, images, self._found)
            survey = self._look_again()
        self.reading = survey.settle(path, usual, layout, units)
        self.has_confidence = sure > 0
        self.categories = self._categories(seen)
        self.length = lengths.most_common(1)[0][0] if lengths else 0
        self._check_scores()

    def _look_again(self) -> Survey:
        survey, images = Survey(), self._file.images
        for piece in self._file.rows():
            here = piece.image >= 0
            at = piece.image[here]
            survey.add(piece.values[here], piece.corners[here], images.width[at], images.height[at])
        return survey

    def _categories(self, seen: Counter[Any]) -> Categories:
        settings = self._settings
        given = read_names(settings.classes)
        named = self._file.named if given is None else given
        known = set(self.labels or detection_labels(self._samples, None, settings.field))
        return settled(
            named, seen.keys(), self._file.first, settings.numbers_from, known, settings.path
        )

    def _check_scores(self) -> None:
        count = len(self.categories.listed)
        if self.length and self.length not in (count, count + 1):
            raise InputError(
                f"classes: rows of '{self._settings.path}' have {self.length} scores, and there "
                f"are {count} classes. Give classes, in the order of the scores"
            )

    def _compare_classes(self) -> None:
        """Compare the file's classes with those of the labels."""
        if self.labels is None:
            return
        known, field = set(self.labels), self._settings.label_field
        listed = self.categories.listed
        self.foreign = [name for name in listed if name not in known]
        if listed and len(self.foreign) == len(listed):
            raise InputError(
                f"classes: '{self._settings.path}' and '{field}' have no class in common "
                f"(predictions: {content(_some(listed))}; labels: {_some(self.labels)})"
            )
        if self.foreign and self._settings.foreign == "error":
            raise InputError(
                f"foreign: '{self._settings.path}' knows {len(self.foreign)} classes that no "
                f"label of '{field}' has: {content(_some(self.foreign))}"
            )

    def rows(self, piece: BoxRows) -> UnderstoodRows:
        """The classes and boxes of rows, and what is wrong with each."""
        problems = list(piece.problems)
        images, at = self._file.images, np.maximum(piece.image, 0)
        wide, high = images.width[at], images.height[at]
        boxes = self.reading.boxes(piece.values, piece.corners, wide, high)
        unsized = self.reading.units == PIXELS and ~(np.isfinite(wide) & np.isfinite(high))
        unsized = np.broadcast_to(unsized, len(piece))
        _, wrong = within_image(boxes)
        labels = [self.categories.name(category) for category in piece.categories]
        dropped = set(self.foreign) if self._settings.foreign == "drop" else set()
        unsure = ~((piece.confidence >= 0) & (piece.confidence <= 1))
        for row in range(len(piece)):
            if problems[row] is not None:
                continue
            category = piece.categories[row]
            if labels[row] is None:
                problems[row] = "no class" if category is None else f"no such class: {category!r}"
            elif wrong[row] == NOT_A_BOX and unsized[row]:
                problems[row] = "its image cannot be read, so that its size is not known"
            elif wrong[row] != USABLE:
                numbers = ", ".join(f"{value:g}" for value in piece.values[row])
                problems[row] = f"{REASONS[int(wrong[row])]}: {numbers}"
            elif self.has_confidence and unsure[row]:
                problems[row] = f"{NO_CONFIDENCE}: {piece.confidence[row]:g}"
            elif labels[row] in dropped:
                problems[row] = f"{FOREIGN}: {labels[row]}"
        scores = [
            s if s is not None and len(s) == self.length and all(map(np.isfinite, s)) else None
            for s in piece.scores
        ]
        return UnderstoodRows(labels, boxes, scores, problems)

    def said(self) -> str:
        """How the file is read, in words, with what was assumed."""
        no_confidence = (
            "" if self.has_confidence else "no confidence, so that they are no predictions to rank"
        )
        unlisted = "" if self._file.images.complete else "images without boxes are not known"
        said = (self.reading.said, self.categories.said, self._file.said, no_confidence, unlisted)
        return "; ".join(filter(None, said))


def _some(names: Any) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:5])
    return f"{shown}, … ({len(names)} in all)" if len(names) > 5 else shown
